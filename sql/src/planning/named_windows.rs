//! Windows that go on from a named one: `OVER (w ROWS ...)`, `WINDOW v AS (w ORDER BY x)`. DataFusion knows only those that are a named
//! window and nothing else.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, NamedWindowDefinition, NamedWindowExpr, Select, WindowSpec, WindowType,
};

use crate::parse::walk::visit_expressions_mut;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// Writes out what the windows of a SELECT have of others.
///
/// # Errors
/// 42704 for a window that there is not, 42P20 for what a window may not say once more.
pub(super) fn written_out(select: &mut Select) -> Result<()> {
    if select.named_window.is_empty() {
        return Ok(());
    }
    let mut known: Vec<(String, WindowSpec)> = Vec::new();
    for NamedWindowDefinition(ident, definition) in &mut select.named_window {
        if let NamedWindowExpr::WindowSpec(spec) = definition {
            extend(spec, &known)?;
            known.push((name::ident(ident), spec.clone()));
        }
    }
    let mut failed = None;
    let _: ControlFlow<()> = visit_expressions_mut(select, &mut |expression| {
        if let Expr::Function(function) = expression
            && let Some(WindowType::WindowSpec(spec)) = &mut function.over
            && let Err(error) = extend(spec, &known)
        {
            failed = Some(error);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    failed.map_or(Ok(()), Err)
}

fn extend(spec: &mut WindowSpec, known: &[(String, WindowSpec)]) -> Result<()> {
    let Some(ident) = spec.window_name.take() else { return Ok(()) };
    let named = found(&ident, known)?;
    let refused = |what: &str| {
        let message = format!("cannot {what} \"{}\"", name::ident(&ident));
        Err(Error::new(SqlState::WindowingError, message))
    };
    if !spec.partition_by.is_empty() {
        return refused("override PARTITION BY clause of window");
    }
    if !spec.order_by.is_empty() && !named.order_by.is_empty() {
        return refused("override ORDER BY clause of window");
    }
    if named.window_frame.is_some() {
        return refused("copy window, because it has a frame clause:");
    }
    spec.partition_by = named.partition_by.clone();
    if spec.order_by.is_empty() {
        spec.order_by = named.order_by.clone();
    }
    Ok(())
}

fn found<'a>(ident: &Ident, known: &'a [(String, WindowSpec)]) -> Result<&'a WindowSpec> {
    let wanted = name::ident(ident);
    let found = known.iter().find(|(name, _)| *name == wanted).map(|(_, spec)| spec);
    found.ok_or_else(|| Error::new(SqlState::UndefinedObject, format!("window \"{wanted}\" does not exist")))
}
