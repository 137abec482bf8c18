//! What depends on a table's primary key need not be in GROUP BY.
//!
//! DataFusion asks the tables for their keys while it plans a statement. Afterwards it must know none: it takes rows that `unnest`
//! or a search has multiplied for one a key, and would leave out keys of sorts and groups.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::logical_expr::{LogicalPlan, TableScan, TableScanBuilder};

use crate::catalog::StoredTable;

/// The plan over tables that tell no keys.
pub(super) fn without_keys(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else {
            return Ok(Transformed::yes(node.recompute_schema()?));
        };
        Ok(match source_as_provider(&scan.source)?.downcast_ref::<StoredTable>() {
            Some(table) => Transformed::yes(LogicalPlan::TableScan(over(&scan, table.without_keys())?)),
            None => Transformed::no(LogicalPlan::TableScan(scan)),
        })
    })
    .map(|plan| plan.data)
}

fn over(scan: &TableScan, table: StoredTable) -> Result<TableScan> {
    let source = provider_as_source(Arc::new(table));
    let TableScan { table_name, projection, filters, fetch, .. } = scan.clone();
    TableScanBuilder::new(table_name, source)
        .with_projection(projection)
        .with_filters(filters)
        .with_fetch(fetch)
        .build()
}
