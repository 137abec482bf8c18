//! Walks over syntax trees, as sqlparser's, but compiled once rather than once for each visitor.
//!
//! A walk over all kinds of nodes is some hundred functions; sqlparser makes them anew for each type of closure and
//! visitor. Here visitors are called through pointers. Invariant: what a walk does is sqlparser's.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan, Visit, VisitMut, VisitorMut,
};

/// Shows every expression below `node`, parents first, until one breaks off.
pub(crate) fn visit_expressions(
    node: &impl Visit,
    each: &mut dyn FnMut(&Expr) -> ControlFlow<()>,
) -> ControlFlow<()> {
    ast::visit_expressions(node, each)
}

/// Gives every expression below `node` to be changed, children first.
pub(crate) fn visit_expressions_mut(
    node: &mut impl VisitMut,
    each: &mut dyn FnMut(&mut Expr) -> ControlFlow<()>,
) -> ControlFlow<()> {
    ast::visit_expressions_mut(node, each)
}

/// Shows the name of every relation below `node`.
pub(crate) fn visit_relations(
    node: &impl Visit,
    each: &mut dyn FnMut(&ObjectName) -> ControlFlow<()>,
) -> ControlFlow<()> {
    ast::visit_relations(node, each)
}

/// Lets a visitor change what is below `node`.
pub(crate) fn change<Break>(
    node: &mut impl VisitMut,
    visitor: &mut dyn VisitorMut<Break = Break>,
) -> ControlFlow<Break> {
    node.visit(&mut Through(visitor))
}

/// A visitor behind a pointer.
struct Through<'a, Break>(&'a mut dyn VisitorMut<Break = Break>);

/// Methods that hand on to the visitor behind the pointer.
macro_rules! hand_on {
    ($($method:ident: $node:ty),* $(,)?) => {
        $(fn $method(&mut self, node: &mut $node) -> ControlFlow<Break> {
            self.0.$method(node)
        })*
    };
}

impl<Break> VisitorMut for Through<'_, Break> {
    type Break = Break;

    hand_on! {
        pre_visit_query: Query,
        post_visit_query: Query,
        pre_visit_select: Select,
        post_visit_select: Select,
        pre_visit_relation: ObjectName,
        post_visit_relation: ObjectName,
        pre_visit_table_factor: TableFactor,
        post_visit_table_factor: TableFactor,
        pre_visit_expr: Expr,
        post_visit_expr: Expr,
        pre_visit_statement: Statement,
        post_visit_statement: Statement,
        pre_visit_value: ValueWithSpan,
        post_visit_value: ValueWithSpan,
    }
}
