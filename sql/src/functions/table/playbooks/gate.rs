//! What a playbook must have before it is compared with a query: the tenant, the role, the corpus of its answer.

use std::fmt::Write;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::functions::table) struct Gate {
    pub(in crate::functions::table) tenant: String,
    /// A playbook without a role passes for any.
    pub(in crate::functions::table) role: Option<String>,
    /// The corpora that are searched; any where empty.
    pub(in crate::functions::table) corpora: Vec<String>,
}

impl Gate {
    /// As a predicate over the table's columns.
    pub(super) fn filter(&self) -> String {
        let mut filter = format!("tenant = {} AND (role IS NULL", literal(&self.tenant));
        if let Some(role) = &self.role {
            let _infallible = write!(filter, " OR role = {}", literal(role));
        }
        filter.push(')');
        if !self.corpora.is_empty() {
            let corpora: Vec<String> = self.corpora.iter().map(|corpus| literal(corpus)).collect();
            let _infallible = write!(filter, " AND answer_corpus IN ({})", corpora.join(", "));
        }
        filter
    }
}

/// A text as SQL writes it. Backslashes are none but themselves, as `standard_conforming_strings` has it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_a_predicate() {
        let gate = Gate { tenant: String::new(), role: None, corpora: vec![] };
        assert_eq!(gate.filter(), "tenant = '' AND (role IS NULL)");
        let gate = Gate {
            tenant: "O'Neil' OR true".to_string(),
            role: Some("Packer".to_string()),
            corpora: vec!["workers".to_string(), "app.people".to_string()],
        };
        assert_eq!(
            gate.filter(),
            "tenant = 'O''Neil'' OR true' AND (role IS NULL OR role = 'Packer') \
             AND answer_corpus IN ('workers', 'app.people')"
        );
    }
}
