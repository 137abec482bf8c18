//! `CREATE EXTENSION vector`, which is accepted because what it would bring is there from the start, and `DROP EXTENSION`,
//! which is refused for the same reason.
//!
//! Every other extension is one that is not available, in PostgreSQL's words.

use datafusion::sql::sqlparser::ast::{CreateExtension, DropExtension, Ident};

use super::name;
use crate::catalog::SCHEMA;
use crate::notice::Notice;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The extension that is built in.
const VECTOR: &str = "vector";

/// The state of what is only told.
const SUCCESS: &str = "00000";

fn notice(sqlstate: &'static str, message: String) -> Notice {
    Notice { severity: "NOTICE", sqlstate, message: format!("{message}, skipping") }
}

/// What there is to say of an extension that is created.
///
/// # Errors
/// 0A000 for an extension that is not built in, and for a schema of its own.
pub(crate) fn create(create: &CreateExtension) -> Result<Option<Notice>> {
    let name = name::ident(&create.name);
    if name != VECTOR {
        return Err(Error::new(
            SqlState::FeatureNotSupported,
            format!("extension \"{name}\" is not available"),
        )
        .with_hint("The extension vector is built in; there are no others."));
    }
    if let Some(schema) = create.schema.as_ref().map(name::ident).filter(|schema| schema != SCHEMA) {
        return Err(Error::unsupported(format!("extension \"{VECTOR}\" in schema \"{schema}\"")));
    }
    Ok(create
        .if_not_exists
        .then(|| notice(SqlState::DuplicateObject.code(), format!("extension \"{VECTOR}\" already exists"))))
}

/// What there is to say of extensions that are dropped.
///
/// # Errors
/// 0A000 for the one that is built in, 42704 for any other, unless IF EXISTS was said.
pub(crate) fn drop(drop: &DropExtension) -> Result<Vec<Notice>> {
    let one = |ident: &Ident| {
        let name = name::ident(ident);
        if name == VECTOR {
            return Err(Error::unsupported(format!("DROP EXTENSION {VECTOR}, which is built in,")));
        }
        let missing = format!("extension \"{name}\" does not exist");
        if drop.if_exists {
            return Ok(notice(SUCCESS, missing));
        }
        Err(Error::new(SqlState::UndefinedObject, missing))
    };
    drop.names.iter().map(one).collect()
}
