//! `tableoid`, which every row of PostgreSQL has beside its columns: the id of the table that it is in. Of a table of
//! the catalog it is known before any row is read.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, Select, SelectItem, TableFactor, Value, VisitorMut,
};

use super::super::oid;

const NAME: &str = "tableoid";

/// Puts numbers in the place of `tableoid`.
#[derive(Default)]
pub(super) struct Tableoid {
    /// Of each SELECT around: its tables of the catalog by the names that it gives them.
    scopes: Vec<Vec<(String, i32)>>,
}

impl VisitorMut for Tableoid {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let mut tables = Vec::new();
        for item in &select.from {
            for relation in
                std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation))
            {
                tables.extend(table(relation));
            }
        }
        self.scopes.push(tables);
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expression) = item
                && self.id(expression).is_some()
            {
                let expr = expression.clone();
                *item = SelectItem::ExprWithAlias { expr, alias: Ident::new(NAME) };
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _select: &mut Select) -> ControlFlow<()> {
        self.scopes.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Some(id) = self.id(expression) {
            *expression = Expr::value(Value::Number(id.to_string(), false));
        }
        ControlFlow::Continue(())
    }
}

impl Tableoid {
    fn id(&self, expression: &Expr) -> Option<i32> {
        let is_it = |ident: &Ident| ident.value.eq_ignore_ascii_case(NAME);
        match expression {
            Expr::Identifier(ident) if is_it(ident) => match self.scopes.last()?.as_slice() {
                [(_, id)] => Some(*id),
                _ => None,
            },
            Expr::CompoundIdentifier(parts) => {
                let [.., table, column] = parts.as_slice() else { return None };
                let mut known = self.scopes.iter().rev().flatten();
                let found = known.find(|(name, _)| name.eq_ignore_ascii_case(&table.value))?;
                is_it(column).then_some(found.1)
            }
            _ => None,
        }
    }
}

/// A table of the catalog: what it is called in its SELECT, and its id.
fn table(relation: &TableFactor) -> Option<(String, i32)> {
    let TableFactor::Table { name, alias, args: None, .. } = relation else { return None };
    let (schema, table) = match name.0.as_slice() {
        [ObjectNamePart::Identifier(table)] => (None, table),
        [.., ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(table)] => (Some(schema), table),
        _ => return None,
    };
    if schema.is_some_and(|schema| !schema.value.eq_ignore_ascii_case("pg_catalog")) {
        return None;
    }
    let id = oid::system_table(&table.value.to_ascii_lowercase())?;
    let called = alias.as_ref().map_or_else(|| table.value.clone(), |alias| alias.name.value.clone());
    Some((called, id))
}
