//! The source of a MERGE: its relation, marked so that a join tells its rows from those it did not find.

use datafusion::common::TableReference;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, SelectItem, Statement, TableAlias, TableFactor, TableWithJoins, Value,
    WildcardAdditionalOptions, With,
};
use muster_storage::Snapshot;

use crate::database::Shared;
use crate::statement::name;
use crate::write::select;
use crate::{Error, Result};

/// The column that is true in each row of the source. No client can write its name.
pub(super) const THERE: &str = "\0there";

/// See the module.
pub(super) struct Source {
    /// `(SELECT *, TRUE AS there FROM source) AS alias`.
    pub(super) relation: TableFactor,
    alias: String,
    /// Its columns, without the mark.
    pub(super) columns: Vec<String>,
}

impl Source {
    pub(super) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        written: &TableFactor,
        with: Option<&With>,
    ) -> Result<Self> {
        let alias = match written {
            TableFactor::Table { alias: None, name, .. } => {
                name.0.last().and_then(ObjectNamePart::as_ident).map(name::ident)
            }
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::Function { alias: Some(alias), .. } => Some(name::ident(&alias.name)),
            TableFactor::Derived { alias: None, .. } => Some("\0source".to_string()),
            _ => None,
        };
        let alias = alias.ok_or_else(|| Error::unsupported(format!("MERGE with the source {written}")))?;
        let mark = SelectItem::ExprWithAlias {
            expr: Expr::value(Value::Boolean(true)),
            alias: Ident::with_quote('"', THERE),
        };
        let all = SelectItem::Wildcard(WildcardAdditionalOptions::default());
        let from = vec![TableWithJoins { relation: written.clone(), joins: Vec::new() }];
        let subquery = Box::new(select(vec![all, mark], from)?);

        let mut alone = subquery.clone();
        alone.with = with.cloned();
        let plan = shared.planner.plan(&Statement::Query(alone), snapshot, &[]).await?;
        let columns = plan.schema().fields().iter().map(|field| field.name().clone());
        let columns = columns.filter(|column| column != THERE).collect();
        let relation = TableFactor::Derived {
            lateral: false,
            subquery,
            alias: Some(TableAlias {
                explicit: true,
                name: Ident::with_quote('"', &alias),
                columns: Vec::new(),
                at: None,
            }),
            sample: None,
        };
        Ok(Self { relation, alias, columns })
    }

    /// How its columns are qualified.
    pub(super) fn qualifier(&self) -> TableReference {
        TableReference::bare(self.alias.as_str())
    }
}
