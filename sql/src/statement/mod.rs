//! Statements other than queries, one file each: what they mean and what they change.
//!
//! They are taken at the AST: DataFusion plans most of them wrongly or not at all
//! (`docs/decisions`). What no file here knows is refused by name in [`refused`].

mod alter_table;
pub(crate) mod call;
mod comment;
pub(crate) mod copy;
pub(crate) mod copy_options;
pub(crate) mod copy_parse;
pub(crate) mod create_index;
pub(crate) mod create_table;
pub(crate) mod define;
pub(crate) mod delete;
pub(crate) mod drop;
pub(crate) mod explain;
pub(crate) mod extension;
pub(crate) mod insert;
pub(crate) mod lock;
pub(crate) mod maintenance;
pub(crate) mod merge;
pub(crate) mod name;
pub(crate) mod on_commit;
mod plain_index;
pub(crate) mod refused;
pub(crate) mod role;
mod schema;
pub(crate) mod sequence;
pub(crate) mod set;
pub(crate) mod show;
pub(crate) mod truncate;
mod unique_index;
pub(crate) mod update;
mod view;

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;
use futures::FutureExt;
use muster_storage::Changes;

use crate::database::Shared;
use crate::parse::parse;
use crate::session::StatementContext;
use crate::stack::Roomy;
use crate::{Error, Result};

/// The changes that make the built-in tables and views, as one commit.
pub(crate) fn builtin_changes(shared: &Arc<Shared>, statements: &[&str]) -> Result<Changes> {
    let mut changes = Changes::new();
    let mut tables: Vec<create_table::NewTable> = Vec::new();
    for sql in statements {
        for statement in parse(sql)? {
            changes = match statement.ast.as_ref() {
                ast::Statement::CreateTable(create) => {
                    let table = create_table::NewTable::of(shared, &shared.store.snapshot(), create)?;
                    let changes = table.add_to(changes)?;
                    tables.push(table);
                    changes
                }
                ast::Statement::CreateIndex(create) => {
                    let name = name::table(&create.table_name)?;
                    let table = tables.iter().find(|table| table.name == name);
                    let table = table.ok_or_else(|| Error::undefined_table(&name))?;
                    create_index::NewIndex::of(create, &name, &table.schema, &[])?.add_to(changes)
                }
                ast::Statement::CreateView(create) => {
                    // What the view reads is there in a transaction that is never committed.
                    let mut made = shared.store.begin();
                    made.apply(changes.clone())?;
                    let context = StatementContext::without_session(shared.clone(), made.snapshot().clone());
                    let defined = Roomy::new(view::define(&context, create)).now_or_never();
                    let defined = defined.ok_or_else(|| Error::internal("a built-in view waits"))??;
                    changes.and(defined.changes)
                }
                other => return Err(Error::unsupported(format!("{other} as a built-in"))),
            };
        }
    }
    Ok(changes)
}
