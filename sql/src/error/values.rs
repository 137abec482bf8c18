//! Values of stored rows that an error tells of.
//!
//! An error is made where nobody knows who asks. Invariant: values are in no message and no detail until
//! [`Error::shown_to`] has been told what may be read.

use super::{Error, Report};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Values {
    /// The table whose SELECT it takes to see them, by the string that storage knows it by.
    table: String,
    of: Of,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Of {
    /// A row: its columns with their values.
    Row(Vec<(String, String)>),
    /// A key: the detail with its values, and the one without.
    Key(String, Option<String>),
}

/// What of a table may be read.
#[derive(Clone, Debug)]
pub(crate) enum Reading {
    All,
    /// What the statement itself has given these columns.
    Given(Vec<String>),
    Nothing,
}

impl Values {
    /// Those of a row that is refused.
    pub(crate) fn row(table: &str, columns: Vec<(String, String)>) -> Self {
        Self { table: table.to_string(), of: Of::Row(columns) }
    }

    /// Those of a key: the detail that shows them, and what is told instead.
    pub(crate) fn key(table: &str, shown: String, hidden: Option<String>) -> Self {
        Self { table: table.to_string(), of: Of::Key(shown, hidden) }
    }

    /// What everybody may know.
    pub(super) fn hidden(&self) -> Option<&String> {
        match &self.of {
            Of::Row(_) => None,
            Of::Key(_, hidden) => hidden.as_ref(),
        }
    }

    fn detail(self, reading: &Reading) -> Option<String> {
        let listed = |texts: Vec<String>| texts.join(", ");
        match (self.of, reading) {
            (Of::Key(shown, _), Reading::All) => Some(shown),
            (Of::Key(_, hidden), _) => hidden,
            (Of::Row(columns), Reading::All) => {
                let values = columns.into_iter().map(|(_, value)| value).collect();
                Some(format!("Failing row contains ({}).", listed(values)))
            }
            (Of::Row(columns), Reading::Given(given)) => {
                let given = columns.into_iter().filter(|(name, _)| given.contains(name));
                let (names, values): (Vec<_>, Vec<_>) = given.unzip();
                let detail =
                    format!("Failing row contains ({}) = ({}).", listed(names.clone()), listed(values));
                (!names.is_empty()).then_some(detail)
            }
            (Of::Row(_), Reading::Nothing) => None,
        }
    }
}

impl Error {
    /// The error with values that not everybody may see.
    pub(crate) fn with_values(self, values: Values) -> Self {
        self.report(|report| report.values = Some(Box::new(values)))
    }

    /// The error as it is told to who may read that much of a table.
    pub(crate) fn shown_to(self, reading: impl FnOnce(&str) -> Reading) -> Self {
        let error = match self {
            Self::Storage(muster_storage::Error::DuplicateKey { .. }) => self.reported(|_| {}),
            other => other,
        };
        error.report(|report: &mut Report| {
            if let Some(values) = report.values.take() {
                let reading = reading(&values.table);
                report.detail = values.detail(&reading);
            }
        })
    }

    /// Values of rows that are in it.
    pub(super) fn values(&self) -> Option<Box<Values>> {
        match self {
            Self::Statement(report) => report.values.clone(),
            Self::Storage(muster_storage::Error::DuplicateKey { table, key, .. }) => {
                Some(Box::new(Values::key(table, format!("Key {key} already exists."), None)))
            }
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }
}
