//! `CALL muster_backup('/folder')`: what a client asks the server to do with the database as a whole.

use std::path::{Path, PathBuf};

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Value,
};

use super::name;
use crate::sqlstate::SqlState;
use crate::{Error, Options, Result};

/// The one procedure.
const BACKUP: &str = "muster_backup";

/// The folder that a CALL wants a backup in.
///
/// # Errors
/// 42883 for another procedure, 42501 for a folder that is not allowed.
pub(crate) fn backup_folder(call: &Function, options: &Options) -> Result<PathBuf> {
    let procedure = match call.name.0.as_slice() {
        [part] => part.as_ident().map(name::ident),
        _ => None,
    };
    let arguments = match &call.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    let undefined = || Error::new(SqlState::UndefinedFunction, format!("procedure {call} does not exist"));
    let argument = match arguments {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => match &value.value {
            Value::SingleQuotedString(text) => text,
            _ => return Err(undefined().with_hint("muster_backup takes the folder as a text literal.")),
        },
        _ => return Err(undefined().with_hint("CALL muster_backup('/folder') takes a backup.")),
    };
    if procedure.as_deref() != Some(BACKUP) {
        return Err(undefined());
    }
    allowed(Path::new(argument), options.copy_dirs.as_deref())
}

/// The folder, if it lies under an allowed one; links are followed before that is looked at.
fn allowed(folder: &Path, allowed: Option<&[PathBuf]>) -> Result<PathBuf> {
    let Some(allowed) = allowed else { return Ok(folder.into()) };
    let refusal = || {
        let message = format!("a backup may not be written to \"{}\"", folder.display());
        Error::new(SqlState::InsufficientPrivilege, message)
            .with_hint("The server writes files only under the folders that --copy-dir allows.")
    };
    // What is not there yet is judged by the nearest folder above it that is.
    let above = folder.ancestors().find(|above| above.exists()).ok_or_else(refusal)?;
    let missing = folder.strip_prefix(above).map_err(|_| refusal())?;
    let plain = |part| matches!(part, std::path::Component::Normal(_));
    let real = above.canonicalize().map_err(|_| refusal())?;
    let inside =
        allowed.iter().filter_map(|folder| folder.canonicalize().ok()).any(|folder| real.starts_with(folder));
    let sound = folder.is_absolute() && missing.components().all(plain);
    if inside && sound { Ok(real.join(missing)) } else { Err(refusal()) }
}
