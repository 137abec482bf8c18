//! Finds a setting's value: the flag's, the environment's, the file's, or none.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Written;
use crate::cli::error::{Error, Result};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Environment(String),
    File(PathBuf),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag --{}", name.replace('_', "-")),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting for those who ask what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// What a variable of the environment is set to.
type Variables<'a> = &'a dyn Fn(&str) -> Option<std::ffi::OsString>;

/// See the module.
pub(crate) struct Resolver<'a> {
    file: Option<&'a Path>,
    variables: Variables<'a>,
    shown: Vec<Shown>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(file: Option<&'a Path>, variables: Variables<'a>) -> Self {
        Self { file, variables, shown: Vec::new() }
    }

    /// All that was asked for, in that order.
    pub(crate) fn into_shown(self) -> Vec<Shown> {
        self.shown
    }

    /// A value that is shown as it was written. `default` is what having none means, in words.
    pub(crate) fn value<T: fmt::Display>(
        &mut self,
        name: &'static str,
        flag: Option<T>,
        file: Option<Written>,
        default: &str,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Result<Option<T>> {
        let (value, source) = match (flag, self.variable(name), file) {
            (Some(value), _, _) => (Some(value), Source::Flag(name)),
            (None, Some((variable, text)), _) => {
                let text = text.into_string().map_err(|_| wrong(&variable, "it is not UTF-8"))?;
                let value = read(&text).map_err(|reason| wrong(&variable, &reason))?;
                (Some(value), Source::Environment(variable))
            }
            (None, None, Some(written)) => {
                let value = match &written {
                    Written::List(_) => Err("one value is wanted, not a list".to_string()),
                    written => read(&written.to_string()),
                };
                (Some(value.map_err(|reason| self.wrong_in_file(name, &reason))?), self.of_file())
            }
            (None, None, None) => (None, Source::Default),
        };
        let shown = value.as_ref().map_or_else(|| default.to_string(), T::to_string);
        self.show(name, shown, source);
        Ok(value)
    }

    /// A path. In the file it is meant from where the file is.
    pub(crate) fn path(
        &mut self,
        name: &'static str,
        flag: Option<PathBuf>,
        file: Option<Written>,
        default: &str,
    ) -> Result<Option<PathBuf>> {
        let (flag, file) = (flag.map(|path| vec![path]), file.map(|written| (written, false)));
        let paths = self.found_paths(name, flag, file, false)?;
        let (path, source) = match paths {
            Some((mut paths, source)) => (paths.pop(), source),
            None => (None, Source::Default),
        };
        let shown = path.as_ref().map_or_else(|| default.to_string(), |path| path.display().to_string());
        self.show(name, shown, source);
        Ok(path)
    }

    /// Paths: in the environment separated as in `PATH`, in the file one or a list.
    pub(crate) fn paths(
        &mut self,
        name: &'static str,
        flag: Vec<PathBuf>,
        file: Option<Written>,
        default: &str,
    ) -> Result<Vec<PathBuf>> {
        let flag = Some(flag).filter(|paths| !paths.is_empty());
        let found = self.found_paths(name, flag, file.map(|written| (written, true)), true)?;
        let (paths, source) = found.unwrap_or((Vec::new(), Source::Default));
        let all: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let shown = if all.is_empty() { default.to_string() } else { all.join(", ") };
        self.show(name, shown, source);
        Ok(paths)
    }

    fn found_paths(
        &self,
        name: &'static str,
        flag: Option<Vec<PathBuf>>,
        file: Option<(Written, bool)>,
        several: bool,
    ) -> Result<Option<(Vec<PathBuf>, Source)>> {
        if let Some(paths) = flag {
            return Ok(Some((paths, Source::Flag(name))));
        }
        if let Some((variable, text)) = self.variable(name) {
            if text.is_empty() {
                return Err(wrong(&variable, "it is empty"));
            }
            let paths = if several { std::env::split_paths(&text).collect() } else { vec![text.into()] };
            return Ok(Some((paths, Source::Environment(variable))));
        }
        let texts = match file {
            None => return Ok(None),
            Some((Written::Text(text), _)) => vec![text],
            Some((Written::List(texts), true)) => texts,
            Some(_) => return Err(self.wrong_in_file(name, "a path is wanted")),
        };
        if texts.iter().any(String::is_empty) {
            return Err(self.wrong_in_file(name, "it is empty"));
        }
        let folder = self.file.and_then(Path::parent).unwrap_or(Path::new("."));
        Ok(Some((texts.iter().map(|text| folder.join(text)).collect(), self.of_file())))
    }

    /// Shows a value that was found elsewhere.
    pub(crate) fn show(&mut self, name: &str, value: String, source: Source) {
        self.shown.push(Shown { name: name.to_string(), value, source });
    }

    pub(crate) fn of_file(&self) -> Source {
        self.file.map_or(Source::Default, |path| Source::File(path.to_path_buf()))
    }

    fn variable(&self, name: &str) -> Option<(String, std::ffi::OsString)> {
        let variable = format!("MUSTER_{}", name.to_ascii_uppercase());
        (self.variables)(&variable).map(|text| (variable, text))
    }

    fn wrong_in_file(&self, name: &str, reason: &str) -> Error {
        let path = self.file.map(Path::to_path_buf).unwrap_or_default();
        Error::Config { path, reason: format!("{name}: {reason}") }
    }
}

fn wrong(variable: &str, reason: &str) -> Error {
    Error::Usage { message: format!("the environment variable {variable}: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(
        flag: Option<u32>,
        variable: Option<&str>,
        file: Option<Written>,
    ) -> (Result<Option<u32>>, Vec<Shown>) {
        let variables = |name: &str| {
            assert_eq!(name, "MUSTER_MAX_CONNECTIONS");
            variable.map(Into::into)
        };
        let mut resolver = Resolver::new(Some(Path::new("/etc/muster.toml")), &variables);
        let read = |text: &str| text.parse().map_err(|_| "no number".to_string());
        let value = resolver.value("max_connections", flag, file, "500", read);
        (value, resolver.into_shown())
    }

    #[test]
    fn the_flag_counts_before_the_environment_and_that_before_the_file() {
        let file = Some(Written::Number(3));
        for (flag, variable, file, value, source) in [
            (Some(1), Some("2"), file.clone(), Some(1), "flag --max-connections"),
            (None, Some("2"), file.clone(), Some(2), "environment MUSTER_MAX_CONNECTIONS"),
            (None, None, file, Some(3), "file /etc/muster.toml"),
            (None, None, None, None, "default"),
        ] {
            let (found, shown) = resolved(flag, variable, file);
            assert_eq!(found.unwrap(), value);
            let shown = shown.first().unwrap();
            assert_eq!((shown.name.as_str(), shown.source.to_string().as_str()), ("max_connections", source));
            assert_eq!(shown.value, value.unwrap_or(500).to_string());
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_passed_over() {
        let (found, _) = resolved(None, Some("many"), Some(Written::Number(3)));
        assert!(found.unwrap_err().to_string().contains("MUSTER_MAX_CONNECTIONS: no number"));
        let (found, _) = resolved(None, None, Some(Written::Text("many".to_string())));
        let said = found.unwrap_err().to_string();
        assert!(said.contains("/etc/muster.toml") && said.contains("max_connections: no number"), "{said}");
        let (found, _) = resolved(None, Some(""), None);
        assert!(found.is_err());
    }

    #[test]
    fn paths_of_the_file_are_meant_from_where_it_is() {
        let nothing = |_: &str| None;
        let mut resolver = Resolver::new(Some(Path::new("/etc/muster/muster.toml")), &nothing);
        let path = resolver.path("tls_key", None, Some(Written::Text("key.pem".into())), "none").unwrap();
        assert_eq!(path, Some(PathBuf::from("/etc/muster/key.pem")));
        let list = Written::List(vec!["/srv".into(), "in".into()]);
        let paths = resolver.paths("copy_dir", Vec::new(), Some(list), "none").unwrap();
        assert_eq!(paths, [PathBuf::from("/srv"), PathBuf::from("/etc/muster/in")]);
        let several = |_: &str| Some("/a:/b".into());
        let mut resolver = Resolver::new(None, &several);
        assert_eq!(resolver.paths("copy_dir", Vec::new(), None, "none").unwrap().len(), 2);
        assert_eq!(resolver.path("temp_dir", None, None, "none").unwrap(), Some(PathBuf::from("/a:/b")));
    }
}
