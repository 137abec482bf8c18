//! The function as plans know it: its columns, the tables that it reads.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use muster_embedders::Embedders;
use muster_storage::TableDefinition;

use super::corpora::NamedCorpus;
use super::request::{FILTER, USE_PLAYBOOK};
use super::running::Matrix;
use super::{ARGUMENTS, NAME};
use crate::Result;
use crate::column;
use crate::functions::table::arguments::Parameter;
use crate::functions::table::call::{Running, TableFunction};
use crate::functions::table::vector_search::{filter_may_wait, texts_wait};
use crate::session::StatementContext;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct MatrixSearch {
    pub(super) corpora: Vec<NamedCorpus>,
    /// The table of playbooks, where they may be read and it is there.
    pub(super) playbooks: Option<Arc<TableDefinition>>,
    /// Whether `metadata` is made; it is NULL otherwise.
    pub(super) metadata: bool,
}

impl TableFunction for MatrixSearch {
    fn name(&self) -> &'static str {
        NAME
    }

    fn parameters(&self) -> &'static [Parameter] {
        ARGUMENTS
    }

    fn shown(&self) -> String {
        let names: Vec<&str> = self.corpora.iter().map(|corpus| corpus.name.as_str()).collect();
        format!("corpora=[{}]", names.join(", "))
    }

    fn columns(&self) -> Vec<Field> {
        vec![
            Field::new("rank", DataType::Int32, false),
            Field::new("id", DataType::Utf8, false),
            Field::new("corpus", DataType::Utf8, false),
            Field::new("distance", DataType::Float32, false),
            // An answer without a vector that a playbook brings has none.
            Field::new("base_distance", DataType::Float32, true),
            Field::new("boost", DataType::Float32, false),
            Field::new("source", DataType::Utf8, false),
            Field::new("playbook_id", DataType::Int64, true),
            column::json_field("metadata", "jsonb", true),
        ]
    }

    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>> {
        let corpora = self.corpora.iter().map(|corpus| corpus.definition.clone());
        Some(corpora.chain(self.playbooks.clone()).collect())
    }

    fn searches(&self) -> bool {
        true
    }

    fn without_metadata(&self) -> Option<Arc<dyn TableFunction>> {
        self.metadata.then(|| Arc::new(Self { metadata: false, ..self.clone() }) as Arc<dyn TableFunction>)
    }

    fn may_wait(
        &self,
        arguments: &[Option<Arc<dyn PhysicalExpr>>],
        _input: &Schema,
        embedders: &Embedders,
    ) -> bool {
        let argument = |place: usize| arguments.get(place).and_then(Option::as_ref);
        let searched = self.corpora.iter().map(|corpus| &corpus.definition);
        let mut searched = searched.chain(argument(USE_PLAYBOOK).and(self.playbooks.as_ref()));
        argument(FILTER).is_some_and(filter_may_wait) || searched.any(|table| texts_wait(table, embedders))
    }

    fn begin(
        &self,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Box<dyn Running>> {
        Ok(Box::new(Matrix::open(self, statement, metrics, partition)?))
    }
}
