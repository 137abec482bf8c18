//! The bearer key: read when it is needed, so that a changed file or variable counts, and never shown.

use std::fmt;
use std::path::PathBuf;

use hyper::header::HeaderValue;

use crate::config::EmbedderConfig;

/// Where the key is.
#[derive(Clone, Debug)]
pub(super) enum ApiKey {
    None,
    Variable(String),
    File(PathBuf),
}

/// A key that was read.
#[derive(Clone)]
pub(super) struct Secret(String);

impl ApiKey {
    pub(super) fn of(config: &EmbedderConfig) -> Self {
        match (&config.api_key_env, &config.api_key_file) {
            (Some(name), _) => Self::Variable(name.clone()),
            (None, Some(path)) => Self::File(path.clone()),
            (None, None) => Self::None,
        }
    }

    /// # Errors
    /// Where there is no key, without what is there instead.
    pub(super) fn read(&self) -> Result<Option<Secret>, String> {
        let (text, place) = match self {
            Self::None => return Ok(None),
            Self::Variable(name) => {
                let place = format!("the environment variable {name}");
                let text =
                    std::env::var(name).map_err(|_| format!("{place}, which has the key, is not set"))?;
                (text, place)
            }
            Self::File(path) => {
                let place = format!("the file {}", path.display());
                let text = std::fs::read_to_string(path)
                    .map_err(|error| format!("{place}, which has the key, cannot be read: {error}"))?;
                (text, place)
            }
        };
        let secret = Secret(text.trim().to_string());
        if secret.0.is_empty() || secret.header().is_none() {
            return Err(format!("{place} has no key that can be sent"));
        }
        Ok(Some(secret))
    }
}

impl Secret {
    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A provider's words without the key, should it repeat it.
    pub(super) fn removed_from(&self, words: &str) -> String {
        words.replace(&self.0, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_anew_and_never_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let key = ApiKey::File(path.clone());
        assert!(key.read().unwrap_err().contains("cannot be read"));
        std::fs::write(&path, " sk-1234\n").unwrap();
        let secret = key.read().unwrap().unwrap();
        assert_eq!(secret.header().unwrap(), "Bearer sk-1234");
        assert!(!format!("{secret:?} {:?}", secret.header()).contains("1234"));
        assert_eq!(secret.removed_from("wrong key sk-1234!"), "wrong key ***!");
        for nothing in ["", " \n", "two\nlines"] {
            std::fs::write(&path, nothing).unwrap();
            assert!(key.read().unwrap_err().contains("has no key"), "{nothing:?}");
        }
        let unset = ApiKey::Variable("MUSTER_TEST_NO_SUCH_VARIABLE".to_string());
        assert!(unset.read().unwrap_err().contains("is not set"));
        assert!(ApiKey::None.read().unwrap().is_none());
    }
}
