//! The schemas that a name without one is looked for in.

use std::fmt;
use std::sync::Arc;

use super::SCHEMA;
use super::relation::plain;

/// The session's own schema of temporary tables, as statements write it.
pub(crate) const TEMPORARY: &str = "pg_temp";
/// The schema that is named after the user. Nobody has one here, so it is passed over.
const USER: &str = "$user";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SearchPath {
    /// As it was set.
    schemas: Arc<[String]>,
    /// The schema that the session's temporary tables are in.
    temporary: Arc<str>,
}

impl SearchPath {
    /// The path that a session starts with.
    pub(crate) fn new(session: u64) -> Self {
        Self { schemas: default(), temporary: format!("{TEMPORARY}_{session}").into() }
    }

    /// Sets it to schemas as SET has them: names with commas between, quoted where they must be. `None` is DEFAULT.
    pub(crate) fn set(&mut self, text: Option<&str>) {
        self.schemas = text.map_or_else(default, |text| split(text).into());
    }

    /// The schema of the session's temporary tables.
    pub(crate) fn temporary(&self) -> &str {
        &self.temporary
    }

    /// The schema that a statement means by this name.
    pub(crate) fn schema<'a>(&'a self, written: &'a str) -> &'a str {
        if written == TEMPORARY { &self.temporary } else { written }
    }

    /// The schemas in the order in which they are looked through. Temporary tables come first unless the path says
    /// where they come.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &str> {
        let first =
            (!self.schemas.iter().any(|schema| schema == TEMPORARY)).then_some(self.temporary.as_ref());
        first.into_iter().chain(self.written())
    }

    /// The schemas that were set.
    pub(crate) fn written(&self) -> impl Iterator<Item = &str> {
        self.schemas.iter().filter(|schema| *schema != USER).map(|schema| self.schema(schema))
    }

    /// Whether it was set to the same, whosever temporary tables come in it.
    pub(crate) fn is_same_set(&self, other: &Self) -> bool {
        self.schemas == other.schemas
    }

    /// Whether a name without a schema can be nothing but a temporary table or in `public`.
    pub(crate) fn is_public(&self) -> bool {
        self.written().eq([SCHEMA])
    }
}

/// As SHOW gives it.
impl fmt::Display for SearchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, schema) in self.schemas.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{}", quoted(schema))?;
        }
        Ok(())
    }
}

fn default() -> Arc<[String]> {
    Arc::new([USER.to_string(), SCHEMA.to_string()])
}

/// A name as a list has it: quoted unless it is a plain one in lower case.
pub(crate) fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_string() } else { format!("\"{}\"", plain(name).replace('"', "\"\"")) }
}

/// The names of a list.
fn split(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut name, mut quotes, mut was_quoted) = (String::new(), false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quotes && characters.peek() == Some(&'"') => {
                characters.next();
                name.push('"');
            }
            '"' => {
                quotes = !quotes;
                was_quoted = true;
            }
            ',' if !quotes => {
                names.push(std::mem::take(&mut name));
                was_quoted = false;
            }
            character if quotes => name.push(character),
            character if character.is_whitespace() => {}
            character => name.push(character.to_ascii_lowercase()),
        }
    }
    if !name.is_empty() || was_quoted {
        names.push(name);
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_and_shown() {
        let mut path = SearchPath::new(3);
        assert_eq!(path.to_string(), "\"$user\", public");
        assert_eq!(path.schemas().collect::<Vec<_>>(), ["pg_temp_3", "public"]);
        path.set(Some("App, \"Other One\",public"));
        assert_eq!(path.to_string(), "app, \"Other One\", public");
        assert_eq!(path.schemas().collect::<Vec<_>>(), ["pg_temp_3", "app", "Other One", "public"]);
        path.set(Some("app, pg_temp"));
        assert_eq!(path.schemas().collect::<Vec<_>>(), ["app", "pg_temp_3"]);
        path.set(Some(""));
        assert_eq!(path.schemas().collect::<Vec<_>>(), ["pg_temp_3"]);
        path.set(None);
        assert!(path.is_public());
    }
}
