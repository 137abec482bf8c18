//! The names of a result's columns, as PostgreSQL chooses them: a function's name, a cast's column, `?column?`.
//!
//! DataFusion names a column after its expression and needs the names inside a plan to differ, so the result's
//! columns are renamed at the very end.

use datafusion::sql::sqlparser::ast::{
    self, ArrayElemTypeDef, DataType, Expr, Query, SelectItem, SetExpr, TimezoneInfo,
};

use crate::catalog::system::CURRENT_USER;
use crate::statement::name;

/// What of a name in a plan stands from here on is not shown. No client can write it.
pub(crate) const HIDDEN: char = '\0';

/// The names of the first and the last columns of a query; those that a `*` stands for are between.
pub(crate) struct OutputNames {
    first: Vec<Option<String>>,
    /// After the last `*`, from the end.
    last: Vec<Option<String>>,
    wildcard: bool,
}

impl OutputNames {
    /// `None` where the query has no SELECT list of its own.
    pub(crate) fn of(statement: &ast::Statement) -> Option<Self> {
        let ast::Statement::Query(query) = statement else { return None };
        let items = select_list(query)?;
        let is_wildcard =
            |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_, _));
        let names = |item: &SelectItem| match item {
            SelectItem::UnnamedExpr(expression) => Some(column_name(expression)),
            SelectItem::ExprWithAlias { alias, .. } => {
                alias.value.split_once(HIDDEN).map(|(shown, _)| shown.to_string())
            }
            _ => None,
        };
        let first = items.iter().take_while(|item| !is_wildcard(item)).map(names).collect();
        let last = items.iter().rev().take_while(|item| !is_wildcard(item)).map(names).collect();
        Some(Self { first, last, wildcard: items.iter().any(is_wildcard) })
    }

    /// The name of column `position` of `count`, where it is not the plan's.
    pub(crate) fn get(&self, position: usize, count: usize) -> Option<&str> {
        let name = match self.first.get(position) {
            Some(name) => name,
            None if self.wildcard => self.last.get(count.checked_sub(position + 1)?)?,
            None => return None,
        };
        name.as_deref()
    }
}

fn select_list(query: &Query) -> Option<&[SelectItem]> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => return Some(&select.projection),
            SetExpr::Query(query) => body = query.body.as_ref(),
            SetExpr::SetOperation { left, .. } => body = left.as_ref(),
            _ => return None,
        }
    }
}

/// The name of a column that an expression gives and no alias names.
pub(crate) fn column_name(expression: &Expr) -> String {
    name_of(expression).map_or_else(|| "?column?".to_string(), |name| name.0)
}

/// How much a name says: what is weak, a type's, is given up for another around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strength {
    Weak,
    Strong,
}

fn name_of(expression: &Expr) -> Option<(String, Strength)> {
    let strong = |name: &str| Some((name.to_string(), Strength::Strong));
    match expression {
        Expr::Identifier(ident) => strong(&name::ident(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().and_then(|last| strong(&name::ident(last))),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => name_of(inner),
        Expr::Function(function) => {
            let name = function.name.0.last().and_then(|part| part.as_ident()).map(name::ident)?;
            // `current_user`, which is a word and no call.
            strong(if name == CURRENT_USER { "current_user" } else { &name })
        }
        Expr::Interval(_) => weak("interval"),
        Expr::Cast { expr, data_type, .. } => {
            let label = type_label(data_type);
            name_of(expr).filter(|(_, strength)| *strength == Strength::Strong).or_else(|| weak(&label))
        }
        Expr::Case { else_result, .. } => {
            let otherwise = else_result.as_deref().and_then(name_of);
            otherwise.filter(|(_, strength)| *strength == Strength::Strong).or_else(|| weak("case"))
        }
        Expr::TypedString(typed) => weak(&type_label(&typed.data_type)),
        Expr::AtTimeZone { .. } => strong("timezone"),
        Expr::Tuple(_) => strong("row"),
        Expr::Exists { .. } => strong("exists"),
        Expr::Extract { .. } => strong("extract"),
        Expr::Substring { .. } => strong("substring"),
        Expr::Position { .. } => strong("position"),
        Expr::Trim { .. } => strong("btrim"),
        Expr::Array(_) => strong("array"),
        Expr::CompoundFieldAccess { root, .. } => name_of(root),
        Expr::Subquery(query) => match select_list(query)? {
            [SelectItem::UnnamedExpr(inner)] => name_of(inner),
            [SelectItem::ExprWithAlias { alias, .. }] => strong(&name::ident(alias)),
            _ => None,
        },
        _ => None,
    }
}

fn weak(name: &str) -> Option<(String, Strength)> {
    Some((name.to_string(), Strength::Weak))
}

/// A type as PostgreSQL calls it within: the name of a column that is cast of nothing with a name.
fn type_label(data_type: &DataType) -> String {
    let label = match data_type {
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => "int4",
        DataType::SmallInt(_) | DataType::Int2(_) => "int2",
        DataType::BigInt(_) | DataType::Int8(_) => "int8",
        DataType::Real | DataType::Float4 => "float4",
        DataType::Double(_) | DataType::DoublePrecision | DataType::Float8 => "float8",
        DataType::Decimal(_) | DataType::Dec(_) | DataType::Numeric(_) => "numeric",
        DataType::Boolean | DataType::Bool => "bool",
        DataType::CharacterVarying(_) | DataType::Varchar(_) => "varchar",
        DataType::Character(_) | DataType::Char(_) => "bpchar",
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => "timestamptz",
        DataType::Timestamp(_, _) => "timestamp",
        DataType::Time(_, _) => "time",
        DataType::Interval { .. } => "interval",
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) => return type_label(element),
        other => {
            let written = other.to_string().to_lowercase();
            return written.split('(').next().unwrap_or_default().trim_matches('"').to_string();
        }
    };
    label.to_string()
}

#[cfg(test)]
mod tests {
    use super::OutputNames;

    fn names(sql: &str, count: usize) -> Vec<Option<String>> {
        let statements = crate::parse::parse(sql).unwrap();
        let names = OutputNames::of(&statements[0].ast).unwrap();
        (0..count).map(|position| names.get(position, count).map(str::to_string)).collect()
    }

    #[test]
    fn names_are_postgresqls() {
        let some = |name: &str| Some(name.to_string());
        assert_eq!(
            names("SELECT count(*), 1 + 1, a.B, x::int, 'y' AS z", 5),
            [some("count"), some("?column?"), some("b"), some("x"), None]
        );
        assert_eq!(names("SELECT sum(a), *, max(b) FROM t", 5), [some("sum"), None, None, None, some("max")]);
        assert_eq!(names("SELECT 1 UNION SELECT 2", 1), [some("?column?")]);
    }
}
