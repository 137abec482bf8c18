//! Documents made of documents: joined, without a key, with another value at a path.

use super::slice::place;
use super::{Json, ordered};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

fn refused(message: &str) -> Error {
    Error::new(SqlState::InvalidParameterValue, message)
}

/// `left || right`: objects are merged, anything else becomes elements of one array.
pub(crate) fn concatenated(left: Json, right: Json) -> Json {
    match (left, right) {
        (Json::Object(mut left), Json::Object(right)) => {
            left.extend(right);
            Json::Object(ordered(&left).into_iter().cloned().collect())
        }
        (left, right) => {
            let mut items = as_elements(left);
            items.extend(as_elements(right));
            Json::Array(items)
        }
    }
}

fn as_elements(document: Json) -> Vec<Json> {
    match document {
        Json::Array(items) => items,
        other => vec![other],
    }
}

/// `document - keys`: without these keys of an object, these strings of an array.
///
/// # Errors
/// 22023 for a scalar.
pub(crate) fn without_keys(document: Json, keys: &[&str]) -> Result<Json> {
    match document {
        Json::Object(mut entries) => {
            entries.retain(|(name, _)| !keys.contains(&name.as_str()));
            Ok(Json::Object(entries))
        }
        Json::Array(mut items) => {
            items.retain(|item| !matches!(item, Json::Text(text) if keys.contains(&text.as_str())));
            Ok(Json::Array(items))
        }
        _ => Err(refused("cannot delete from scalar")),
    }
}

/// `document - place`: without this element of an array.
///
/// # Errors
/// 22023 for anything but an array.
pub(crate) fn without_element(document: Json, at: i64) -> Result<Json> {
    match document {
        Json::Array(mut items) => {
            if let Some(at) = from_either_end(at, items.len()).filter(|at| *at < items.len()) {
                items.remove(at);
            }
            Ok(Json::Array(items))
        }
        Json::Object(_) => Err(refused("cannot delete from object using integer index")),
        _ => Err(refused("cannot delete from scalar")),
    }
}

/// A place counted from the start, for one that is negative counted from the end; `None` before the start.
fn from_either_end(at: i64, count: usize) -> Option<usize> {
    match usize::try_from(at) {
        Ok(at) => Some(at),
        Err(_) => count.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
    }
}

/// What is done at the end of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// `#-`
    Delete,
    /// `jsonb_set` of what is there.
    Replace(Json),
    /// `jsonb_set` of what is there or is not.
    Set(Json),
    /// `jsonb_insert`
    InsertBefore(Json),
    InsertAfter(Json),
}

impl Change {
    /// The value that is put where there is nothing.
    fn created(&self) -> Option<&Json> {
        match self {
            Self::Delete | Self::Replace(_) => None,
            Self::Set(value) | Self::InsertBefore(value) | Self::InsertAfter(value) => Some(value),
        }
    }

    fn inserts(&self) -> bool {
        matches!(self, Self::InsertBefore(_) | Self::InsertAfter(_))
    }

    fn deletes(&self) -> bool {
        self == &Self::Delete
    }
}

/// The document, changed at the end of `path`.
///
/// # Errors
/// 22023 for a scalar and for an insertion in the place of a key, 22004 for NULL in the path, 22P02 for a text in it where an array
/// is.
pub(crate) fn changed(document: Json, path: &[Option<&str>], change: &Change) -> Result<Json> {
    let count = match &document {
        Json::Object(entries) => entries.len(),
        Json::Array(items) => items.len(),
        _ if change.deletes() => return Err(refused("cannot delete path in scalar")),
        _ => return Err(refused("cannot set path in scalar")),
    };
    if path.is_empty() || (count == 0 && change.created().is_none()) {
        return Ok(document);
    }
    along(document, path, 0, change)
}

fn along(document: Json, path: &[Option<&str>], level: usize, change: &Change) -> Result<Json> {
    let step = match path.get(level) {
        None => return Ok(document),
        Some(None) => {
            let message = format!("path element at position {} is null", level + 1);
            return Err(Error::new(SqlState::NullValueNotAllowed, message));
        }
        Some(Some(step)) => step,
    };
    let last = level + 1 == path.len();
    match document {
        Json::Object(mut entries) => {
            match entries.iter().position(|(name, _)| name == step) {
                Some(_) if last && change.inserts() => {
                    return Err(refused("cannot replace existing key")
                        .with_hint("Try using the function jsonb_set to replace key value."));
                }
                Some(at) if last => match change {
                    Change::Replace(value) | Change::Set(value) => {
                        if let Some((_, old)) = entries.get_mut(at) {
                            *old = value.clone();
                        }
                    }
                    _ => {
                        entries.remove(at);
                    }
                },
                Some(at) => {
                    if let Some((_, value)) = entries.get_mut(at) {
                        *value = along(std::mem::replace(value, Json::Null), path, level + 1, change)?;
                    }
                }
                None => {
                    if let Some(value) = change.created().filter(|_| last) {
                        entries.push(((*step).to_string(), value.clone()));
                    }
                }
            }
            Ok(Json::Object(entries))
        }
        Json::Array(mut items) => {
            let at = place(step).ok_or_else(|| {
                let message = format!("path element at position {} is not an integer: \"{step}\"", level + 1);
                Error::new(SqlState::InvalidTextRepresentation, message)
            })?;
            match from_either_end(at, items.len()) {
                Some(at) if at < items.len() => {
                    if last {
                        at_element(&mut items, at, change);
                    } else if let Some(item) = items.get_mut(at) {
                        *item = along(std::mem::replace(item, Json::Null), path, level + 1, change)?;
                    }
                }
                found => {
                    if let Some(value) = change.created().filter(|_| last) {
                        // Before the start it is put first, behind the end last.
                        let at = if found.is_none() { 0 } else { items.len() };
                        items.insert(at, value.clone());
                    }
                }
            }
            Ok(Json::Array(items))
        }
        scalar => Ok(scalar),
    }
}

/// Changes an array at an element that is there.
fn at_element(items: &mut Vec<Json>, at: usize, change: &Change) {
    match change {
        Change::Delete => {
            items.remove(at);
        }
        Change::Replace(value) | Change::Set(value) => {
            if let Some(item) = items.get_mut(at) {
                *item = value.clone();
            }
        }
        Change::InsertBefore(value) => items.insert(at, value.clone()),
        Change::InsertAfter(value) => items.insert(at + 1, value.clone()),
    }
}

/// Without the members of objects that are null.
pub(crate) fn without_nulls(document: Json) -> Json {
    match document {
        Json::Object(entries) => {
            let kept = entries.into_iter().filter(|(_, value)| value != &Json::Null);
            Json::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
