//! Settings of a client's own: names with a point, which mean nothing here.

use super::unknown;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A setting of a client's own: the name as it was first written, and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Custom {
    pub(super) name: String,
    pub(super) value: String,
}

/// Whether a client may have a setting of this name: two or more identifiers with points between.
pub(super) fn check_custom(name: &str) -> Result<()> {
    let Some((prefix, _)) = name.split_once('.') else { return Err(unknown(name)) };
    let invalid =
        || Error::new(SqlState::InvalidName, format!("invalid configuration parameter name \"{name}\""));
    // As pgvector and other extensions keep their prefixes for themselves.
    if ["hnsw", "muster"].iter().any(|own| own.eq_ignore_ascii_case(prefix)) {
        return Err(invalid().with_detail(format!("\"{prefix}\" is a reserved prefix.")));
    }
    let is_identifier = |part: &str| {
        part.starts_with(|char: char| char.is_alphabetic() || char == '_')
            && part.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '$')
    };
    if name.split('.').all(is_identifier) {
        return Ok(());
    }
    Err(invalid()
        .with_detail("Custom parameter names must be two or more simple identifiers separated by dots."))
}
