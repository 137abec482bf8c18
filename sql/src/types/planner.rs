//! Tells DataFusion's planner which Arrow field a SQL type is, in casts and literals.
//!
//! Types that only PostgreSQL's catalogs use (`regclass`, `oid`, `pg_catalog.text`) are
//! datafusion-pg-catalog's to know.

use arrow::datatypes::{Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::DataType as SqlType;
use datafusion_pg_catalog::pg_catalog::oid_type_planner::PgOidTypePlanner;

use super::sql_field::cast_field;

/// One a session state.
#[derive(Debug, Default)]
pub(crate) struct SqlTypes {
    catalogs: PgOidTypePlanner,
}

impl TypePlanner for SqlTypes {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        if let SqlType::Custom(_, _) | SqlType::Regclass = sql_type
            && let Some(field) = self.catalogs.plan_type_field(sql_type)?
        {
            return Ok(Some(field));
        }
        let field = cast_field(sql_type)?;
        // A cast's field stays free of metadata: DataFusion's logical and physical plans disagree
        // on it. Casts that need more than the Arrow type are functions: see `planning::rewrite`.
        Ok(Some(FieldRef::new(Field::new("", field.data_type().clone(), true))))
    }
}
