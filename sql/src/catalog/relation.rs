//! A relation's name: the schema that it is in, and its own.
//!
//! Storage knows a table by one string. Tables of `public` are known by their names; others by schema and name with a
//! separator between that no name has. This module alone knows how; everyone else asks it, so that no message and no
//! catalog shows the separator.

use std::fmt;

use super::SCHEMA;

/// Between schema and name. Names that a statement gives cannot have it ([`crate::statement::name`]).
pub(crate) const SEPARATOR: char = '\u{1f}';

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RelationName {
    pub(crate) schema: String,
    pub(crate) name: String,
}

impl RelationName {
    pub(crate) fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self { schema: schema.into(), name: name.into() }
    }

    /// The relation that storage knows by this string.
    pub(crate) fn of_stored(stored: &str) -> Self {
        Self::new(schema_of(stored), plain(stored))
    }

    /// The string that storage knows it by.
    pub(crate) fn stored(&self) -> String {
        stored(&self.schema, &self.name)
    }
}

impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema == SCHEMA {
            f.write_str(&self.name)
        } else {
            write!(f, "{}.{}", self.schema, self.name)
        }
    }
}

/// The string that storage knows a relation by.
pub(crate) fn stored(schema: &str, name: &str) -> String {
    if schema == SCHEMA { name.to_string() } else { format!("{schema}{SEPARATOR}{name}") }
}

/// A relation's name as listings show it: with its schema, unless that is `public`.
pub(crate) fn shown(stored: &str) -> String {
    RelationName::of_stored(stored).to_string()
}

/// A relation's own name.
pub(crate) fn plain(stored: &str) -> &str {
    stored.split_once(SEPARATOR).map_or(stored, |(_, name)| name)
}

/// The schema of a relation.
pub(crate) fn schema_of(stored: &str) -> &str {
    stored.split_once(SEPARATOR).map_or(SCHEMA, |(schema, _)| schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for name in
            [RelationName::new("public", "t"), RelationName::new("app", "t"), RelationName::new("a.b", "c.d")]
        {
            assert_eq!(RelationName::of_stored(&name.stored()), name);
        }
        assert_eq!(RelationName::new("public", "workers").stored(), "workers");
        assert_eq!(plain("workers"), "workers");
    }
}
