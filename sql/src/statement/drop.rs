//! `DROP TABLE` and `DROP INDEX`.

use datafusion::sql::sqlparser::ast::{ObjectName, ObjectType};
use muster_storage::{Changes, Snapshot};

use super::name;
use crate::outcome::CommandTag;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The changes, and the tag.
///
/// # Errors
/// 42P01 and 42704 for what is not there, unless IF EXISTS; 0A000 for other kinds of objects.
pub(crate) fn changes(
    snapshot: &Snapshot,
    kind: &ObjectType,
    names: &[ObjectName],
    if_exists: bool,
) -> Result<(Changes, CommandTag)> {
    let mut changes = Changes::new();
    match kind {
        ObjectType::Table => {
            let mut dropped: Vec<String> = Vec::new();
            for name in names {
                let name = name::table(name)?;
                if snapshot.table(&name).is_none() {
                    if if_exists {
                        continue;
                    }
                    return Err(Error::new(
                        SqlState::UndefinedTable,
                        format!("table \"{name}\" does not exist"),
                    ));
                }
                if !dropped.contains(&name) {
                    changes = changes.drop_table(&name);
                    dropped.push(name);
                }
            }
            Ok((changes, CommandTag::plain("DROP TABLE")))
        }
        ObjectType::Index => {
            let mut dropped: Vec<String> = Vec::new();
            for name in names {
                let name = name::table(name)?;
                let table = snapshot.tables().find(|table| table.definition().index(&name).is_some());
                match table {
                    Some(table) if !dropped.contains(&name) => {
                        changes = changes.drop_index(&table.definition().name, &name);
                        dropped.push(name);
                    }
                    Some(_) => {}
                    None if if_exists => {}
                    None => {
                        return Err(Error::new(
                            SqlState::UndefinedObject,
                            format!("index \"{name}\" does not exist"),
                        ));
                    }
                }
            }
            Ok((changes, CommandTag::plain("DROP INDEX")))
        }
        other => Err(Error::unsupported(format!("DROP {other}"))),
    }
}
