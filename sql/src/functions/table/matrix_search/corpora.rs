//! The argument `corpora`: names of tables, known when the statement is planned.

use std::sync::Arc;

use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::planner::ContextProvider;
use datafusion::sql::sqlparser::ast::{Expr, Value};
use muster_engine::Metric;
use muster_storage::TableDefinition;

use super::NAME;
use crate::catalog::relation::shown;
use crate::functions::table::vector_search::{Corpus, resolve};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The corpus that is searched unless others are named.
const DEFAULT: &str = "workers";

/// A corpus as the statement names it, and what it is.
#[derive(Clone, Debug)]
pub(super) struct NamedCorpus {
    /// As listings show it, and as the column `corpus` has it.
    pub(super) name: String,
    /// As the statement wrote it, where that differs.
    pub(super) written: Option<String>,
    pub(super) definition: Arc<TableDefinition>,
}

impl NamedCorpus {
    /// Whether a playbook whose answers are in the corpus of this name means this one.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.written.as_deref() == Some(name)
    }

    /// Every name that [`Self::is_called`] knows.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.written.as_deref())
    }
}

/// The corpora that an argument names, each once, all measured alike.
///
/// # Errors
/// 42P01 and 42809 for what is no corpus; 42883 for an argument that is no constant; 22004 for a NULL among them, 22023
/// where there are none; 0A000 for a parameter, and for corpora that are measured differently.
pub(super) fn read(argument: Option<Expr>, names: &dyn ContextProvider) -> PlanResult<Vec<NamedCorpus>> {
    let texts = match argument {
        None => vec![DEFAULT.to_string()],
        Some(argument) => texts(argument)?,
    };
    let mut corpora: Vec<NamedCorpus> = Vec::with_capacity(texts.len());
    for text in texts {
        let definition = resolve(&text, names)?;
        if corpora.iter().any(|known| known.definition.id == definition.id) {
            continue;
        }
        Corpus::of(&definition)?;
        let name = shown(&definition.name);
        let written = (name != text).then_some(text);
        corpora.push(NamedCorpus { name, written, definition });
    }
    let metrics = corpora.iter().map(|corpus| Ok(Corpus::of(&corpus.definition)?.metric));
    let metrics = metrics.collect::<Result<Vec<Metric>>>()?;
    match metrics.first() {
        None => {
            let none = format!("{NAME} needs at least one corpus");
            Err(Error::new(SqlState::InvalidParameterValue, none).into())
        }
        Some(first) if metrics.iter().any(|metric| metric != first) => {
            Err(Error::unsupported("merging corpora whose indexes measure by different distances").into())
        }
        Some(_) => Ok(corpora),
    }
}

fn texts(argument: Expr) -> Result<Vec<String>> {
    match argument {
        Expr::Nested(inner) => texts(*inner),
        Expr::Cast { expr, .. } => texts(*expr),
        Expr::Array(array) => array.elem.into_iter().map(text).collect(),
        Expr::Value(value) => match value.value {
            Value::SingleQuotedString(array) => of_literal(&array),
            Value::Null => Ok(vec![DEFAULT.to_string()]),
            Value::Placeholder(_) => Err(Error::unsupported(format!("a parameter as the corpora of {NAME}"))),
            _ => Err(no_constant()),
        },
        _ => Err(no_constant()),
    }
}

fn text(element: Expr) -> Result<String> {
    match element {
        Expr::Nested(inner) => text(*inner),
        Expr::Cast { expr, .. } => text(*expr),
        Expr::Value(value) => match value.value {
            Value::SingleQuotedString(text) => Ok(text),
            Value::Null => {
                let null = format!("the corpora of {NAME} must not contain nulls");
                Err(Error::new(SqlState::NullValueNotAllowed, null))
            }
            Value::Placeholder(_) => Err(Error::unsupported(format!("a parameter as a corpus of {NAME}"))),
            _ => Err(no_constant()),
        },
        _ => Err(no_constant()),
    }
}

/// The elements of `{workers,jobs}`. Names of tables need no more of an array's syntax than quotes.
fn of_literal(array: &str) -> Result<Vec<String>> {
    let inner = array.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(|| {
        Error::new(SqlState::InvalidTextRepresentation, format!("malformed array literal: \"{array}\""))
            .with_detail("Array value must start with \"{\".".to_string())
    })?;
    if inner.trim().is_empty() {
        return Ok(Vec::new());
    }
    let elements = inner.split(',').map(str::trim);
    let unquoted =
        elements.map(|text| text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text));
    Ok(unquoted.map(str::to_string).collect())
}

fn no_constant() -> Error {
    let message = format!("the corpora of {NAME} must be a constant array of texts");
    Error::new(SqlState::UndefinedFunction, message)
}
