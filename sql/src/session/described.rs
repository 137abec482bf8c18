//! What a plan says of a statement before it runs: the columns of its result, the tables that it reads.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use muster_storage::TableDefinition;

use crate::Result;
use crate::catalog::StoredTable;
use crate::functions::table::{Call, VectorSearch};
use crate::planning::{HIDDEN, OutputNames};

/// The result's columns. Any may be NULL as far as a reader can tell.
pub(crate) fn columns_of(plan: &LogicalPlan, names: Option<&OutputNames>) -> SchemaRef {
    let count = plan.schema().fields().len();
    let named = |(position, field): (usize, &FieldRef)| {
        let field = field.as_ref().clone().with_nullable(true);
        let field = match signed(field.data_type()) {
            Some(data_type) => field.with_data_type(data_type),
            None => field,
        };
        match names.and_then(|names| names.get(position, count)) {
            Some(name) => field.with_name(name),
            None => match field.name().split_once(HIDDEN) {
                Some((shown, _)) => {
                    let shown = shown.to_string();
                    field.with_name(shown)
                }
                None => field,
            },
        }
    };
    let fields: Vec<Field> = plan.schema().fields().iter().enumerate().map(named).collect();
    Arc::new(Schema::new(fields))
}

/// PostgreSQL has no unsigned integers: what DataFusion counts with is bigint there.
pub(crate) fn signed(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::UInt64 | DataType::UInt32 => Some(DataType::Int64),
        DataType::UInt16 => Some(DataType::Int32),
        DataType::UInt8 | DataType::Int8 => Some(DataType::Int16),
        _ => None,
    }
}

/// Whether a plan reads no tables but stored ones: none of the catalogs'.
pub(crate) fn reads_stored(plan: &LogicalPlan) -> Result<bool> {
    let mut stored = true;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = datafusion::datasource::source_as_provider(&scan.source)?;
            let provider: &dyn std::any::Any = provider.as_ref();
            stored &= provider.is::<StoredTable>();
        }
        Ok(if stored { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(stored)
}

/// The tables that a plan reads.
pub(super) fn tables_of(plan: &LogicalPlan) -> Result<Vec<Arc<TableDefinition>>> {
    let mut tables = Vec::new();
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::TableScan(scan) => {
                let provider = datafusion::datasource::source_as_provider(&scan.source)?;
                let provider: &dyn std::any::Any = provider.as_ref();
                if let Some(table) = provider.downcast_ref::<StoredTable>() {
                    tables.push(table.definition().clone());
                }
            }
            LogicalPlan::Extension(extension) => {
                if let Some(search) = extension.node.as_any().downcast_ref::<VectorSearch>() {
                    tables.push(search.definition().clone());
                }
                if let Some(call) = extension.node.as_any().downcast_ref::<Call>() {
                    tables.extend(call.function().tables().unwrap_or_default());
                }
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(tables)
}
