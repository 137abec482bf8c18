//! `CREATE [OR REPLACE] VIEW`.
//!
//! The query is kept as SQL that means the same in every session: relations with their schemas, `*` as the columns
//! that it stands for.

use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use chrono::Utc;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast::{
    self, CreateTableOptions, CreateView, Expr, Ident, Query, SelectItem, SetExpr, With,
};
use muster_storage::Changes;

use super::define::Defined;
use super::name;
use crate::catalog::namespace::{RelationKind, VIEW_KIND};
use crate::catalog::relation::schema_of;
use crate::catalog::search_path::TEMPORARY;
use crate::catalog::view::Use;
use crate::catalog::{StoredTable, View, object};
use crate::parse::walk::visit_relations;
use crate::planning::{OutputNames, bare, settle, views};
use crate::session::{StatementContext, columns_of};
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result, column};

/// # Errors
/// 42P07 for a name that is taken, 42P16 for a replacement with other columns, 42P02 for a parameter, 0A000 for what
/// is not there; what the query gives.
pub(super) async fn define(context: &Arc<StatementContext>, create: &CreateView) -> Result<Defined> {
    refuse(create)?;
    let namespace = context.namespace();
    let name = namespace.new_name(&create.name, create.temporary)?;
    let stored = name.stored();
    let before = View::find(&context.snapshot, &stored)?;
    match (&before, namespace.kind(&name)) {
        (_, None) => {}
        (Some(_), _) if create.or_replace => {}
        (None, Some(RelationKind::Table | RelationKind::Index | RelationKind::Sequence))
            if create.or_replace =>
        {
            return Err(Error::new(SqlState::WrongObjectType, format!("\"{}\" is not a view", name.name)));
        }
        _ => namespace.check_free(&name)?,
    }
    let mut query = create.query.as_ref().clone();
    expand(context, &mut query.body, query.with.as_ref()).await?;
    let statement = ast::Statement::Query(Box::new(query));
    let planner = &context.database.planner;
    let plan = views::plan(planner.state(), &context.snapshot, &statement).await?;
    if !plan.get_parameter_names()?.is_empty() {
        return Err(Error::new(SqlState::UndefinedParameter, "there is no parameter in a view"));
    }
    let plan = planner.analyze(settle(plan)?)?;
    let columns = columns_of(&plan, OutputNames::of(&statement).as_ref());
    let columns = named(create, &columns)?;
    if let Some(before) = &before {
        check_replacement(&before.columns, &columns)?;
    }
    let uses = uses(context, &statement, plan)?;
    if !stored.starts_with(TEMPORARY)
        && uses.iter().any(|used| schema_of(&used.relation).starts_with(TEMPORARY))
    {
        return Err(Error::unsupported("a view over a temporary table that is not temporary itself"));
    }
    let mut changes = Changes::new();
    let id = match before {
        Some(before) => before.id,
        None => {
            let (numbered, id) = object::number(changes, &context.snapshot);
            changes = numbered;
            id
        }
    };
    let view = View { id, sql: statement.to_string(), columns: Arc::new(columns), uses };
    Ok(Defined::new(changes.set_object(VIEW_KIND, stored, Some(view.encode()?)), "CREATE VIEW"))
}

fn refuse(create: &CreateView) -> Result<()> {
    let refused = [
        (create.materialized, "CREATE MATERIALIZED VIEW"),
        (!matches!(create.options, CreateTableOptions::None), "view options"),
        (
            create.or_alter || create.secure || create.params.is_some() || create.to.is_some(),
            "this kind of view",
        ),
        (create.if_not_exists, "CREATE VIEW IF NOT EXISTS"),
        (create.with_no_schema_binding || !create.cluster_by.is_empty(), "this kind of view"),
        (create.columns.iter().any(|column| column.options.is_some()), "column options in a view"),
    ];
    match refused.iter().find(|(said, _)| *said) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}

/// The columns under the names that the statement gives.
fn named(create: &CreateView, columns: &Schema) -> Result<Schema> {
    if create.columns.len() > columns.fields().len() {
        return Err(Error::new(
            SqlState::SyntaxError,
            "CREATE VIEW specifies more column names than columns",
        ));
    }
    let names =
        create.columns.iter().map(|column| Some(name::ident(&column.name))).chain(std::iter::repeat(None));
    let mut fields: Vec<Field> = Vec::with_capacity(columns.fields().len());
    for (field, given) in columns.fields().iter().zip(names) {
        let field = column::type_only(field, &given.unwrap_or_else(|| field.name().clone()));
        if fields.iter().any(|known| known.name() == field.name()) {
            return Err(Error::new(
                SqlState::DuplicateColumn,
                format!("column \"{}\" specified more than once", field.name()),
            ));
        }
        fields.push(field);
    }
    Ok(Schema::new(fields))
}

/// A replacement has the columns of what it replaces, and may have more after them.
fn check_replacement(before: &Schema, after: &Schema) -> Result<()> {
    let refused = |words: String| Err(Error::new(SqlState::InvalidTableDefinition, words));
    if after.fields().len() < before.fields().len() {
        return refused("cannot drop columns from view".to_string());
    }
    for (before, after) in before.fields().iter().zip(after.fields()) {
        let (old, new) = (before.name(), after.name());
        if old != new {
            return refused(format!("cannot change name of view column \"{old}\" to \"{new}\""));
        }
        let (from, to) = (type_name(before), type_name(after));
        if from != to {
            return refused(format!("cannot change data type of view column \"{old}\" from {from} to {to}"));
        }
    }
    Ok(())
}

/// The relations that the query names, and what it reads of tables.
fn uses(context: &StatementContext, statement: &ast::Statement, plan: LogicalPlan) -> Result<Vec<Use>> {
    let mut uses: Vec<Use> = Vec::new();
    let mut add =
        |relation: &str, columns: Vec<String>| match uses.iter_mut().find(|used| used.relation == relation) {
            Some(used) => used.columns.extend(columns),
            None => uses.push(Use { relation: relation.to_string(), columns }),
        };
    let _: ControlFlow<()> = visit_relations(statement, &mut |relation| {
        // A CTE may be called as a view is: the dependency that is noted then is one too many.
        if let Ok(stored) = name::table(relation)
            && context.snapshot.object(VIEW_KIND, &stored).is_some()
        {
            add(&stored, Vec::new());
        }
        ControlFlow::Continue(())
    });
    // The optimizer leaves to each scan the columns that are read.
    let plan = context.database.planner.optimize(plan, Utc::now())?;
    plan.apply_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = node else { return Ok(TreeNodeRecursion::Continue) };
        let provider = datafusion::datasource::source_as_provider(&scan.source)?;
        let provider: &dyn std::any::Any = provider.as_ref();
        if let Some(table) = provider.downcast_ref::<StoredTable>() {
            let columns = scan.projected_schema.fields().iter().map(|field| field.name().clone());
            let filters = scan.filters.iter().flat_map(|filter| filter.column_refs());
            let filters: Vec<String> = filters.map(|column| column.name.clone()).collect();
            add(&table.definition().name, columns.chain(filters).collect());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    for used in &mut uses {
        used.columns.sort_unstable();
        used.columns.dedup();
    }
    Ok(uses)
}

/// Writes the columns that `*` stands for into each SELECT that gives the view's rows.
async fn expand(context: &StatementContext, body: &mut SetExpr, with: Option<&With>) -> Result<()> {
    match body {
        SetExpr::Select(select) => {
            let is_wildcard = |item: &SelectItem| {
                matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_, _))
            };
            if !select.projection.iter().any(is_wildcard) {
                return Ok(());
            }
            let mut expanded = Vec::new();
            for item in std::mem::take(&mut select.projection) {
                if !is_wildcard(&item) {
                    expanded.push(item);
                    continue;
                }
                let mut alone = select.clone();
                alone.projection = vec![item];
                // Of the clauses only FROM says what it stands for.
                alone.selection = None;
                alone.having = None;
                alone.distinct = None;
                alone.group_by = ast::GroupByExpr::Expressions(Vec::new(), Vec::new());
                let statement = ast::Statement::Query(Box::new(of_body(SetExpr::Select(alone), with)));
                let state = context.database.planner.state();
                let plan = views::plan(state, &context.snapshot, &statement).await?;
                for place in 0..plan.schema().fields().len() {
                    let (qualifier, field) = plan.schema().qualified_field(place);
                    let part = |text: &str| Ident::with_quote('"', text);
                    let parts = qualifier.map(|qualifier| qualifier.to_vec()).unwrap_or_default();
                    let mut parts: Vec<Ident> = parts.iter().map(|text| part(text)).collect();
                    parts.push(part(field.name()));
                    expanded.push(SelectItem::UnnamedExpr(match parts.as_slice() {
                        [column] => Expr::Identifier(column.clone()),
                        _ => Expr::CompoundIdentifier(parts),
                    }));
                }
            }
            select.projection = expanded;
            Ok(())
        }
        SetExpr::SetOperation { left, right, .. } => {
            Box::pin(expand(context, left, with)).await?;
            Box::pin(expand(context, right, with)).await
        }
        SetExpr::Query(query) => {
            let inner = query.with.clone();
            Box::pin(expand(context, &mut query.body, inner.as_ref().or(with))).await
        }
        SetExpr::Values(_) => Ok(()),
        _ => Err(Error::unsupported("a view of this kind of query")),
    }
}

fn of_body(body: SetExpr, with: Option<&With>) -> Query {
    Query { with: with.cloned(), ..bare(body) }
}
