//! `pg_catalog` and `information_schema`: what PostgreSQL's clients look into to learn what there is.
//!
//! datafusion-pg-catalog gives PostgreSQL's own part (types, operators, functions) and rewrites the
//! queries that clients send. What is in this database is computed here, from the snapshot of the
//! statement that asks. Invariant: what is not known is empty or NULL, never made up.
//!
//! - [`tables`]: one file a table.
//! - [`functions`]: `pg_get_indexdef` and the like.
//! - [`oid`]: what objects are known by.
//! - [`queries`]: clients' queries in a form that DataFusion plans.

mod array_columns;
pub(crate) mod class;
mod column_type;
mod comments;
mod definition;
mod functions;
mod known_functions;
mod library;
mod oid;
mod owners;
mod queries;
mod rows;
mod schema;
mod system_table;
mod tables;

use std::sync::{Arc, Weak};

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::CatalogProvider;
use datafusion::prelude::SessionContext;
use muster_storage::{Snapshot, Store};

use crate::Result;
use crate::catalog::{Sequence, View};
use crate::sequence::Sequences;

pub(crate) use functions::{CURRENT_USER, LISTENING, SystemFunction, quoted_literal, type_text};
pub(crate) use library::quoted;
pub(crate) use queries::rewritten;

/// Puts the schemas into a catalog and the functions into a session's state.
pub(crate) fn register(
    context: &SessionContext,
    catalog: &dyn CatalogProvider,
    store: &Weak<Store>,
    sequences: &Arc<Sequences>,
) -> Result<()> {
    let (pg_catalog, information_schema) = schema::schemas(sequences)?;
    catalog.register_schema("pg_catalog", Arc::new(pg_catalog))?;
    catalog.register_schema("information_schema", Arc::new(information_schema))?;
    for function in functions::all(store) {
        context.register_udf(function);
    }
    Ok(())
}

/// What `SELECT * FROM sequence` reads.
pub(crate) fn as_view(sequence: &Sequence) -> View {
    let columns = [
        Field::new("last_value", DataType::Int64, false),
        Field::new("log_cnt", DataType::Int64, false),
        Field::new("is_called", DataType::Boolean, false),
    ];
    let sql = format!(
        "SELECT last_value, log_cnt, is_called FROM pg_catalog.muster_sequences WHERE sequence = {}",
        oid::object(sequence.id)
    );
    View { id: 0, sql, columns: Arc::new(Schema::new(columns.to_vec())), uses: Vec::new() }
}

/// A function of `pg_proc`.
pub(crate) struct ListedFunction {
    pub(crate) name: String,
    /// The object ids of the types of what it is called with.
    pub(crate) takes: Vec<i32>,
    /// Whether it gives rows, or is an aggregate of some.
    pub(crate) gives_rows: bool,
    /// Whether PostgreSQL has it, too.
    pub(crate) of_postgresql: bool,
}

/// The function with this id in `pg_proc`.
///
/// # Errors
/// What reading the library's catalog gives.
pub(crate) fn function(wanted: i32) -> Result<Option<ListedFunction>> {
    if let Some(known) = known_functions::functions()?.get(wanted) {
        return Ok(Some(ListedFunction {
            name: known.name.clone(),
            takes: known.takes.clone(),
            gives_rows: known.returns_set || known.source == "aggregate_dummy",
            of_postgresql: true,
        }));
    }
    Ok(tables::pg_proc::find(wanted).map(|own| ListedFunction {
        name: own.name.to_string(),
        takes: own.takes().to_vec(),
        gives_rows: own.gives_rows(),
        of_postgresql: false,
    }))
}

/// The sequence with this id in `pg_class`, by the string that storage knows it by.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn sequence_of(snapshot: &Snapshot, wanted: i64) -> Result<Option<String>> {
    let all = Sequence::all(snapshot)?;
    let found = all.into_iter().find(|(_, sequence)| i64::from(oid::object(sequence.id)) == wanted);
    Ok(found.map(|(name, _)| name))
}
