//! `[server]` of the configuration file: the flags of `muster serve`, with underscores for dashes.

use std::fmt;

use serde::Deserialize;

/// See the module.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerSection {
    pub(crate) listen: Option<Written>,
    pub(crate) auth: Option<Written>,
    pub(crate) password_file: Option<Written>,
    pub(crate) max_connections: Option<Written>,
    pub(crate) tls_cert: Option<Written>,
    pub(crate) tls_key: Option<Written>,
    pub(crate) tls_client_ca: Option<Written>,
    pub(crate) tls_required: Option<Written>,
    pub(crate) copy_dir: Option<Written>,
    pub(crate) memory_limit: Option<Written>,
    pub(crate) cache_size: Option<Written>,
    pub(crate) temp_dir: Option<Written>,
    pub(crate) http_listen: Option<Written>,
    pub(crate) http_token_file: Option<Written>,
    pub(crate) log_min_duration: Option<Written>,
    pub(crate) log_format: Option<Written>,
}

/// A value as the file has it; what it means is read as if it stood on the command line.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Written {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
            Self::List(list) => write!(f, "[{}]", list.join(", ")),
        }
    }
}
