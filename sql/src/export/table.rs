//! Tables with their columns, keys and checks, and their comments.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use arrow::datatypes::Field;
use datafusion::sql::sqlparser::ast;
use muster_storage::{Snapshot, Store, Table, TableDefinition};

use super::names::{full, list, quoted, text};
use super::{Dialect, ExportedTable, comment_on, line, sequence};
use crate::catalog::Sequence;
use crate::catalog::builtin;
use crate::catalog::comment::{self, Commented};
use crate::catalog::relation::{plain, schema_of};
use crate::column::Identity;
use crate::database::Shared;
use crate::index::unique;
use crate::parse::walk::visit_expressions;
use crate::parse::{parse, parse_expression};
use crate::statement::create_table::NewTable;
use crate::types::type_name;
use crate::{Result, check_constraint, column};

/// Functions that PostgreSQL has, too, and that give the same for the same there, so that it takes them in generated
/// columns.
const IMMUTABLE: &[&str] = &[
    "abs", "btrim", "ceil", "coalesce", "floor", "greatest", "least", "left", "length", "lower", "ltrim",
    "mod", "nullif", "power", "repeat", "replace", "right", "round", "rtrim", "sqrt", "substr", "upper",
];

/// The tables that every new database has, as they are made.
pub(super) fn builtins(shared: &Shared) -> Result<&'static [NewTable]> {
    static MADE: OnceLock<Vec<NewTable>> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made);
    }
    // Where nothing is there yet, so that the names of their sequences are free.
    let empty = Store::in_memory()?.snapshot();
    let mut made = Vec::new();
    for sql in builtin::STATEMENTS {
        for statement in parse(sql)? {
            if let ast::Statement::CreateTable(create) = statement.ast.as_ref() {
                made.push(NewTable::of(shared, &empty, create)?);
            }
        }
    }
    Ok(MADE.get_or_init(|| made))
}

/// `CREATE TABLE`, and how its rows get in.
pub(super) fn create(
    out: &mut String,
    table: &Table,
    sequences: &[(String, Sequence)],
    dialect: Dialect,
    is_builtin: bool,
) -> ExportedTable {
    let definition = table.definition();
    let mut lines = Vec::new();
    let mut remarks = Vec::new();
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for field in definition.schema.fields() {
        let (definition, remark) = column(field, &definition.name, sequences, dialect);
        lines.push(format!("    {definition}"));
        let is_computed = column::generated(field).is_some() && remark.is_none();
        remarks.extend(remark);
        if !is_computed {
            columns.push(field.name().as_str());
            values.push(value(field, dialect));
        }
    }
    for key in definition.keys.iter().filter(|key| !unique::is_index(definition, &key.name)) {
        let kind = match (key.primary, key.nulls_distinct) {
            (true, _) => "PRIMARY KEY",
            (false, true) => "UNIQUE",
            (false, false) => "UNIQUE NULLS NOT DISTINCT",
        };
        let of = key.columns.iter().filter_map(|position| definition.schema.fields().get(*position));
        let of = list(of.map(|field| field.name().as_str()));
        lines.push(format!("    CONSTRAINT {} {kind} ({of})", quoted(&key.name)));
    }
    for (name, sql) in check_constraint::all(&definition.properties) {
        lines.push(format!("    CONSTRAINT {} CHECK ({sql})", quoted(name)));
    }
    let name = full(&definition.name);
    remarks.iter().for_each(|remark| line(out, format_args!("-- {remark}")));
    let there = if is_builtin { "IF NOT EXISTS " } else { "" };
    line(out, format_args!("CREATE TABLE {there}{name} (\n{}\n);", lines.join(",\n")));
    ExportedTable {
        schema: schema_of(&definition.name).to_string(),
        name: plain(&definition.name).to_string(),
        rows: table.live_rows(),
        query: format!("SELECT {} FROM {name}", values.join(", ")),
        target: format!("{name} ({})", list(columns)),
    }
}

/// A column as CREATE TABLE has it; with a remark where the dialect's column is a plain one and this one is generated.
fn column(
    field: &Field,
    table: &str,
    sequences: &[(String, Sequence)],
    dialect: Dialect,
) -> (String, Option<String>) {
    let sql_type = match dialect {
        Dialect::Postgres { pgvector: false } if column::is_vector(field) => "real[]".to_string(),
        _ => type_name(field),
    };
    let mut sql = format!("{} {sql_type}", quoted(field.name()));
    let mut remark = None;
    let of_identity = |(_, sequence): &&(String, Sequence)| {
        let owner = sequence.owner.as_ref();
        sequence.identity && owner.is_some_and(|owner| owner.0 == table && owner.1 == *field.name())
    };
    let identity = column::identity(field).zip(sequences.iter().find(of_identity));
    if let Some(generated) = column::generated(field) {
        if dialect == Dialect::Muster || is_immutable(generated) {
            sql.push_str(&format!(" GENERATED ALWAYS AS ({generated}) STORED"));
        } else {
            remark = Some(format!(
                "{}.{} was generated: {}",
                full(table),
                quoted(field.name()),
                generated.split_whitespace().collect::<Vec<_>>().join(" ")
            ));
        }
    } else if let Some((kind, (_, sequence))) = identity {
        let kind = match kind {
            Identity::Always => "ALWAYS",
            Identity::ByDefault => "BY DEFAULT",
        };
        let options = sequence::options(sequence);
        sql.push_str(&format!(" GENERATED {kind} AS IDENTITY ({options})"));
    } else if let Some(default) = column::default(field) {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if !field.is_nullable() {
        sql.push_str(" NOT NULL");
    }
    (sql, remark)
}

/// Whether PostgreSQL takes an expression in a generated column.
fn is_immutable(sql: &str) -> bool {
    let Ok(expression) = parse_expression(sql) else { return false };
    let found = visit_expressions(&expression, &mut |part| match part {
        ast::Expr::Function(call)
            if !IMMUTABLE.contains(&call.name.to_string().to_ascii_lowercase().as_str()) =>
        {
            ControlFlow::Break(())
        }
        // What a cast gives can hang on the session's settings.
        ast::Expr::Cast { .. } | ast::Expr::AtTimeZone { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_continue()
}

/// A column's value in the query that gives the rows: what Parquet has no type for is text.
fn value(field: &Field, dialect: Dialect) -> String {
    let name = quoted(field.name());
    match dialect {
        Dialect::Muster if type_name(field) == "interval" => format!("{name}::text AS {name}"),
        Dialect::Postgres { pgvector: false } if column::is_vector(field) => {
            format!("{name}::real[] AS {name}")
        }
        _ => name,
    }
}

/// The comments on a table, its columns and constraints.
pub(super) fn comments(out: &mut String, snapshot: &Snapshot, definition: &TableDefinition) {
    let table = &definition.name;
    comment_on(out, snapshot, "TABLE", table);
    let columns = definition.schema.fields().iter().map(|field| field.name().as_str());
    comment_on_columns(out, snapshot, table, columns);
    let keys = definition.keys.iter().map(|key| key.name.as_str());
    for name in keys.chain(check_constraint::all(&definition.properties).map(|(name, _)| name)) {
        if let Some(comment) = comment::find(snapshot, Commented::Constraint(table, name)) {
            let (name, on, comment) = (quoted(name), full(table), text(&comment));
            line(out, format_args!("COMMENT ON CONSTRAINT {name} ON {on} IS {comment};"));
        }
    }
}

/// The comments on the columns of a table or view.
pub(super) fn comment_on_columns<'a>(
    out: &mut String,
    snapshot: &Snapshot,
    relation: &str,
    columns: impl Iterator<Item = &'a str>,
) {
    for name in columns {
        if let Some(comment) = comment::find(snapshot, Commented::Column(relation, name)) {
            let (of, name, comment) = (full(relation), quoted(name), text(&comment));
            line(out, format_args!("COMMENT ON COLUMN {of}.{name} IS {comment};"));
        }
    }
}
