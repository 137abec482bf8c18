//! A catalog table that is computed when it is read, from the snapshot of the statement that reads it.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::stream;
use muster_storage::Snapshot;

use super::oid;
use super::rows::Rows;
use crate::cache::Caches;
use crate::catalog::relation::schema_of;
use crate::index::Builds;
use crate::sequence::Sequences;
use crate::session::StatementContext;

/// A table or view of `pg_catalog` or `information_schema`.
#[derive(Debug)]
pub(super) struct SystemRelation {
    pub(super) oid: i32,
    pub(super) namespace: i32,
    pub(super) name: String,
    pub(super) view: bool,
    pub(super) schema: SchemaRef,
}

/// What rows are computed from.
pub(super) struct Scope<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) system: &'a [SystemRelation],
    pub(super) sequences: &'a Sequences,
    pub(super) caches: &'a Caches,
    pub(super) builds: &'a Builds,
    /// The statement that asks.
    pub(super) statement: &'a StatementContext,
}

impl Scope<'_> {
    /// The id of the schema that a relation is in.
    pub(super) fn namespace(&self, stored: &str) -> i32 {
        oid::schema(self.snapshot, schema_of(stored))
    }
}

/// Adds a table's rows.
pub(super) type Fill = fn(&Scope<'_>, &mut Rows) -> Result<()>;

/// See the module.
pub(super) struct SystemTable {
    pub(super) schema: SchemaRef,
    /// Rows that are always there: PostgreSQL's own types and the like.
    pub(super) constant: Vec<RecordBatch>,
    pub(super) fill: Fill,
    pub(super) system: Arc<[SystemRelation]>,
    pub(super) sequences: Arc<Sequences>,
}

impl SystemTable {
    fn computed(&self, context: &TaskContext) -> Result<RecordBatch> {
        let statement = StatementContext::of(context)?;
        let mut rows = Rows::new(self.schema.clone())?;
        let (snapshot, sequences, caches) =
            (&statement.snapshot, &self.sequences, &statement.database.caches);
        let (builds, system) = (&statement.database.indexes.builds, self.system.as_ref());
        let scope = Scope { snapshot, system, sequences, caches, builds, statement: &statement };
        (self.fill)(&scope, &mut rows)?;
        rows.finish()
    }
}

impl fmt::Debug for SystemTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemTable").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl PartitionStream for SystemTable {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut batches: Vec<Result<RecordBatch>> = self.constant.iter().cloned().map(Ok).collect();
        batches.push(self.computed(&context));
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream::iter(batches)))
    }
}
