//! A table's definition while a statement puts it together.
//!
//! It is not checked against what is there, and its expressions are not planned: see [`super::expressions`].

use std::ops::ControlFlow;

use arrow::datatypes::{Field, Schema};
use datafusion::sql::sqlparser::ast::{
    CheckConstraint, ColumnDef, ColumnOption, DataType, Expr, GeneratedAs, GeneratedExpressionMode, Ident,
    NullsDistinctOption, TableConstraint, VisitorMut,
};
use muster_storage::KeyConstraint;

use super::super::name;
use super::super::sequence::Said;
use crate::catalog::relation::plain;
use crate::check_constraint::Check;
use crate::column::Identity;
use crate::foreign_key::ForeignKey;
use crate::foreign_key::new::Wanted;
use crate::parse::walk::change;
use crate::sqlstate::SqlState;
use crate::types::sql_field;
use crate::{Error, Result, check_constraint as check, column};

/// See the module.
pub(in super::super) struct Builder {
    /// As storage knows it.
    pub(in super::super) name: String,
    pub(in super::super) fields: Vec<Field>,
    pub(in super::super) keys: Vec<KeyConstraint>,
    pub(in super::super) checks: Vec<Check>,
    pub(in super::super) foreign: Vec<ForeignKey>,
    /// Foreign keys whose tables are not looked at yet.
    pub(super) wanted: Vec<Wanted>,
    pub(in super::super) sequences: Vec<ColumnSequence>,
}

/// The sequence that a serial or identity column gets.
pub(in super::super) struct ColumnSequence {
    pub(in super::super) column: String,
    pub(in super::super) said: Said,
    pub(in super::super) identity: Option<Identity>,
}

impl Builder {
    pub(in super::super) fn new(name: String) -> Self {
        Self {
            name,
            fields: Vec::new(),
            keys: Vec::new(),
            checks: Vec::new(),
            foreign: Vec::new(),
            wanted: Vec::new(),
            sequences: Vec::new(),
        }
    }

    /// Adds columns as another table has them.
    pub(super) fn copy(&mut self, fields: Vec<Field>) {
        self.fields.extend(fields);
    }

    /// Adds a column with its constraints.
    ///
    /// # Errors
    /// 42701 for a name that is taken, 0A000 for what is not there, what the type and the constraints give.
    pub(in super::super) fn add_column(&mut self, definition: &ColumnDef) -> Result<()> {
        let name = name::ident(&definition.name);
        if self.fields.iter().any(|field| field.name() == &name) {
            return Err(Error::new(
                SqlState::DuplicateColumn,
                format!("column \"{name}\" specified more than once"),
            ));
        }
        let serial = serial(&definition.data_type);
        let mut field = sql_field(&name, serial.as_ref().unwrap_or(&definition.data_type), true)?;
        if serial.is_some() {
            field.set_nullable(false);
        }
        if column::is_vector(&field) && column::dimensions(&field).is_none() {
            return Err(Error::unsupported(format!("vector column \"{name}\" without dimensions"))
                .with_hint("Give them, as in vector(384)."));
        }
        let position = self.fields.len();
        let mut keys = Vec::new();
        let mut checks = Vec::new();
        let (mut identity, mut said) = (None, Said::default());
        for option in &definition.options {
            let constraint = || option.name.as_ref().map(name::ident);
            field = match &option.option {
                ColumnOption::Null => field,
                ColumnOption::NotNull => field.with_nullable(false),
                ColumnOption::PrimaryKey(_) => {
                    keys.push((true, constraint(), true));
                    field.with_nullable(false)
                }
                ColumnOption::Unique(unique) => {
                    let distinct = !matches!(unique.nulls_distinct, NullsDistinctOption::NotDistinct);
                    keys.push((false, constraint(), distinct));
                    field
                }
                ColumnOption::Default(expression) => column::with_default(field, &expression.to_string()),
                ColumnOption::Generated {
                    generated_as: GeneratedAs::ExpStored | GeneratedAs::Always,
                    generation_expr: Some(expression),
                    generation_expr_mode,
                    ..
                } => {
                    if matches!(generation_expr_mode, Some(GeneratedExpressionMode::Virtual)) {
                        return Err(Error::unsupported("a virtual generated column"));
                    }
                    column::with_generated(field, &self.own(expression).to_string())
                }
                ColumnOption::Generated { generated_as, sequence_options, generation_expr: None, .. } => {
                    identity = Some(match generated_as {
                        GeneratedAs::ByDefault => Identity::ByDefault,
                        GeneratedAs::Always | GeneratedAs::ExpStored => Identity::Always,
                    });
                    said = Said::of(sequence_options.as_deref().unwrap_or_default())?;
                    field.with_nullable(false)
                }
                ColumnOption::Generated { .. } => {
                    return Err(Error::new(
                        SqlState::SyntaxError,
                        "for a generated column, GENERATED ALWAYS must be specified",
                    ));
                }
                ColumnOption::ForeignKey(clause) => {
                    self.wanted.push(Wanted::new(option.name.as_ref(), Some(&name), clause));
                    field
                }
                ColumnOption::Check(check) => {
                    checks.push((constraint(), check));
                    field
                }
                ColumnOption::Collation(_) => return Err(Error::unsupported("COLLATE")),
                other => return Err(Error::unsupported(format!("column option {other}"))),
            };
        }
        if column::default(&field).is_some() && column::generated(&field).is_some() {
            return Err(Error::new(
                SqlState::SyntaxError,
                format!("both default and generation expression specified for column \"{name}\""),
            ));
        }
        if identity.is_some() || serial.is_some() {
            self.add_sequence(&field, identity, said, &definition.data_type)?;
        }
        self.fields.push(field);
        for (primary, constraint, distinct) in keys {
            self.add_key(constraint, vec![position], primary, distinct)?;
        }
        for (constraint, check) in checks {
            self.add_check(constraint, check)?;
        }
        Ok(())
    }

    /// Gives a column a sequence, which is named when the table is made.
    ///
    /// # Errors
    /// 42601 for a column that gets its values otherwise, too; 22023 for an identity column that is no integer.
    fn add_sequence(
        &mut self,
        field: &Field,
        identity: Option<Identity>,
        said: Said,
        data_type: &DataType,
    ) -> Result<()> {
        let (name, table) = (field.name(), plain(&self.name));
        if column::default(field).is_some() {
            let words = match identity {
                Some(_) => {
                    format!("both default and identity specified for column \"{name}\" of table \"{table}\"")
                }
                None => {
                    format!("multiple default values specified for column \"{name}\" of table \"{table}\"")
                }
            };
            return Err(Error::new(SqlState::SyntaxError, words));
        }
        if column::generated(field).is_some() {
            return Err(Error::new(
                SqlState::SyntaxError,
                format!(
                    "both identity and generation expression specified for column \"{name}\" of table \"{table}\""
                ),
            ));
        }
        let said = match serial(data_type) {
            Some(_) if identity.is_some() => {
                return Err(Error::new(
                    SqlState::SyntaxError,
                    format!("both default and identity specified for column \"{name}\" of table \"{table}\""),
                ));
            }
            Some(integer) => said.typed(&integer)?,
            None if field.data_type().is_signed_integer() => said.typed(data_type)?,
            None => {
                return Err(Error::new(
                    SqlState::InvalidParameterValue,
                    "identity column type must be smallint, integer, or bigint",
                ));
            }
        };
        self.sequences.push(ColumnSequence { column: name.clone(), said, identity });
        Ok(())
    }

    /// Adds a constraint of the table.
    ///
    /// # Errors
    /// 42703 for a column that is not there, 42710 for a name that is taken, 0A000 for what is not there.
    pub(in super::super) fn add_constraint(&mut self, constraint: &TableConstraint) -> Result<()> {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                let columns = self.positions(&key.columns)?;
                for position in &columns {
                    if let Some(field) = self.fields.get_mut(*position) {
                        field.set_nullable(false);
                    }
                }
                self.add_key(key.name.as_ref().map(name::ident), columns, true, true)
            }
            TableConstraint::Unique(key) => {
                let columns = self.positions(&key.columns)?;
                let distinct = !matches!(key.nulls_distinct, NullsDistinctOption::NotDistinct);
                self.add_key(key.name.as_ref().map(name::ident), columns, false, distinct)
            }
            TableConstraint::ForeignKey(clause) => {
                self.wanted.push(Wanted::new(None, None, clause));
                Ok(())
            }
            TableConstraint::Check(check) => self.add_check(check.name.as_ref().map(name::ident), check),
            other => Err(Error::unsupported(format!("constraint {other}"))),
        }
    }

    fn add_check(&mut self, name: Option<String>, check: &CheckConstraint) -> Result<()> {
        if check.enforced == Some(false) {
            return Err(Error::unsupported("NOT ENFORCED"));
        }
        let condition = self.own(&check.expr);
        let name = match name {
            Some(name) => self.taken_or(name)?,
            None => {
                // PostgreSQL names it after its column when it is about one.
                let columns = check::columns_of(&condition, &Schema::new(self.fields.clone()));
                let table = plain(&self.name);
                let column = match columns.as_slice() {
                    [column] => self.fields.get(*column),
                    _ => None,
                };
                self.free(&match column {
                    Some(column) => format!("{table}_{}_check", column.name()),
                    None => format!("{table}_check"),
                })
            }
        };
        // The catalogs show it in parentheses: those that a client writes again do not pile up.
        let mut condition = &condition;
        while let Expr::Nested(inner) = condition {
            condition = inner;
        }
        self.checks.push(Check { name, sql: condition.to_string() });
        Ok(())
    }

    /// The expression with its columns named without the table.
    fn own(&self, expression: &Expr) -> Expr {
        without_table(expression, plain(&self.name))
    }

    fn is_taken(&self, name: &str) -> bool {
        self.keys.iter().any(|key| key.name == name)
            || self.checks.iter().any(|check| check.name == name)
            || self.foreign.iter().any(|key| key.name == name)
    }

    /// # Errors
    /// 42710 when a constraint of the table has that name.
    pub(in super::super) fn taken_or(&self, name: String) -> Result<String> {
        if self.is_taken(&name) {
            return Err(Error::new(
                SqlState::DuplicateObject,
                format!("constraint \"{name}\" for relation \"{}\" already exists", plain(&self.name)),
            ));
        }
        Ok(name)
    }

    /// A name like this one that no constraint of the table has.
    pub(super) fn free(&self, wanted: &str) -> String {
        let mut name = wanted.to_string();
        let mut number = 0_u32;
        while self.is_taken(&name) {
            number += 1;
            name = format!("{wanted}{number}");
        }
        name
    }
}

/// The integer that a serial type is.
fn serial(data_type: &DataType) -> Option<DataType> {
    let DataType::Custom(name, _) = data_type else { return None };
    match name.to_string().to_lowercase().as_str() {
        "smallserial" | "serial2" => Some(DataType::SmallInt(None)),
        "serial" | "serial4" => Some(DataType::Integer(None)),
        "bigserial" | "serial8" => Some(DataType::BigInt(None)),
        _ => None,
    }
}

/// The expression with `table.column` as `column`.
pub(in super::super) fn without_table(expression: &Expr, table: &str) -> Expr {
    struct Unqualify<'a>(&'a str);
    impl VisitorMut for Unqualify<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
            let column: Option<Ident> = match expression {
                Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                    [table, column] if name::ident(table) == self.0 => Some(column.clone()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(column) = column {
                *expression = Expr::Identifier(column);
            }
            ControlFlow::Continue(())
        }
    }
    let mut expression = expression.clone();
    let _: ControlFlow<()> = change(&mut expression, &mut Unqualify(table));
    expression
}
