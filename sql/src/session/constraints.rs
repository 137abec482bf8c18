//! `SET CONSTRAINTS`: which foreign keys the session's transaction block checks at its end, and which it checks now.

use datafusion::sql::sqlparser::ast::ObjectName;

use super::Session;
use super::block::aborted;
use crate::catalog::Namespace;
use crate::foreign_key::{self, Deferral, check_now};
use crate::outcome::CommandTag;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

impl Session {
    /// Sets when constraints are checked. What is no longer put off is checked at once, and stays put off where that
    /// fails.
    ///
    /// # Errors
    /// 42704 for no such constraint, 42809 for one that is not deferrable, 23503.
    pub(super) fn set_constraints(&self, named: &[ObjectName], deferred: bool) -> Result<CommandTag> {
        let path = self.live.settings().path;
        let set = self.live.block.with(|block| {
            let Some(block) = block.as_mut().filter(|block| !block.implicit) else { return Ok(false) };
            if block.failed {
                return Err(aborted());
            }
            let view = block.view();
            let namespace = Namespace { snapshot: &view.snapshot, path: &path };
            let deferral = changed(block.deferral.clone(), namespace, named, deferred)?;
            if !deferred {
                let checked = check_now(block.transaction(), &|table, key| {
                    key.deferrable && !deferral.defers(&table.name, key)
                });
                checked.inspect_err(|_| block.reads.note_all(&view.snapshot))?;
            }
            block.deferral = deferral;
            Ok(true)
        })?;
        if !set {
            let words = "SET CONSTRAINTS can only be used in transaction blocks";
            self.warn(SqlState::NoActiveSqlTransaction, words);
        }
        Ok(CommandTag::plain("SET CONSTRAINTS"))
    }
}

fn changed(
    mut deferral: Deferral,
    namespace: Namespace<'_>,
    named: &[ObjectName],
    deferred: bool,
) -> Result<Deferral> {
    if named.is_empty() {
        deferral.set_all(deferred);
    }
    for written in named {
        let (schema, constraint) = name::parts(written)?;
        let schemas: Vec<&str> = match &schema {
            Some(schema) => vec![namespace.path.schema(schema)],
            None => namespace.path.schemas().collect(),
        };
        let mut found = Vec::new();
        for schema in schemas {
            found = foreign_key::of_schema(namespace.snapshot, schema, &constraint)?;
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty() {
            let words = format!("constraint \"{constraint}\" does not exist");
            return Err(Error::new(SqlState::UndefinedObject, words));
        }
        for (table, key) in found {
            if !key.deferrable {
                let words = format!("constraint \"{constraint}\" is not deferrable");
                return Err(Error::new(SqlState::WrongObjectType, words));
            }
            deferral.set(&table, &key.name, deferred);
        }
    }
    Ok(deferral)
}
