//! What ALTER TABLE says of views, sequences and indexes: `RENAME`, and for sequences their options, which is how
//! `ALTER SEQUENCE` is read.

use datafusion::sql::sqlparser::ast::{
    AlterTable, AlterTableOperation as Action, Expr, Ident, ObjectName, ObjectNamePart, RenameTableNameKind,
    SqlOption, Value,
};
use muster_storage::{Alteration, Changes};

use super::super::define::Defined;
use super::super::sequence::{self, Said, number};
use super::bare;
use crate::catalog::namespace::{SEQUENCE_KIND, VIEW_KIND};
use crate::catalog::relation::plain;
use crate::catalog::{Namespace, RelationKind, RelationName, Sequence, View, comment};
use crate::index::unique;
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// What the statement is called in PostgreSQL.
pub(super) fn tag(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::View => "ALTER VIEW",
        RelationKind::Sequence => "ALTER SEQUENCE",
        RelationKind::Index => "ALTER INDEX",
        RelationKind::Table => "ALTER TABLE",
    }
}

pub(super) fn define(
    namespace: Namespace<'_>,
    name: &RelationName,
    kind: RelationKind,
    alter: &AlterTable,
) -> Result<Defined> {
    let tag = tag(kind);
    let [action] = alter.operations.as_slice() else {
        return Err(Error::unsupported(format!("{tag} with several actions")));
    };
    let changes = match (action, kind) {
        (Action::RenameTable { table_name: RenameTableNameKind::To(to) }, _) => {
            let to = RelationName::new(&name.schema, bare(to)?);
            namespace.check_free(&to)?;
            rename(namespace, name, &to, kind)?
        }
        (Action::SetOptionsParens { options }, RelationKind::Sequence) => {
            let stored = name.stored();
            let before = Sequence::find(namespace.snapshot, &stored)?;
            let before = before.ok_or_else(|| Error::undefined_table(&stored))?;
            let said = said(namespace, options)?;
            if before.identity && said.owner.is_some() {
                return Err(Error::unsupported("changing the owner of an identity sequence"));
            }
            sequence::put(Changes::new(), &stored, &sequence::altered(&before, &said)?)?
        }
        (other, _) => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Err(Error::unsupported(format!("{tag} ... {}", words.join(" "))));
        }
    };
    Ok(Defined::new(changes, tag))
}

fn rename(
    namespace: Namespace<'_>,
    from: &RelationName,
    to: &RelationName,
    kind: RelationKind,
) -> Result<Changes> {
    let snapshot = namespace.snapshot;
    let (stored, new) = (from.stored(), to.stored());
    let changes = comment::move_all(Changes::new(), snapshot, &stored, Some(&new));
    match kind {
        RelationKind::View => {
            if let Some((view, _)) = View::users(snapshot, &stored)?.first() {
                let view = RelationName::of_stored(view);
                return Err(Error::unsupported(format!("renaming a view that view \"{view}\" reads")));
            }
            Ok(move_object(namespace, changes, VIEW_KIND, &stored, &new))
        }
        RelationKind::Sequence => {
            let mut changes = move_object(namespace, changes, SEQUENCE_KIND, &stored, &new);
            for table in snapshot.tables() {
                let definition = table.definition();
                for (position, field) in definition.schema.fields().iter().enumerate() {
                    let renamed =
                        column::default(field).and_then(|sql| crate::sequence::rename(sql, &stored, to));
                    if let Some(sql) = renamed {
                        let field = column::with_default(field.as_ref().clone(), &sql);
                        let alteration = Alteration::SetField { column: position, field };
                        changes = changes.alter_table(&definition.name, alteration);
                    }
                }
            }
            Ok(changes)
        }
        RelationKind::Index | RelationKind::Table => {
            let table = snapshot.tables().find(|table| {
                let table = table.definition();
                let in_schema = RelationName::of_stored(&table.name).schema == from.schema;
                in_schema && (table.index(&stored).is_some() || table.key(&from.name).is_some())
            });
            let Some(table) = table.map(|table| table.definition()) else {
                return Err(Error::undefined_table(&stored));
            };
            let alteration = if table.index(&stored).is_some() {
                Alteration::RenameIndex { name: stored, to: new }
            } else {
                // The index of a constraint is called as the constraint is.
                Alteration::RenameKey { name: plain(&stored).to_string(), to: to.name.clone() }
            };
            let mut changes = changes.alter_table(&table.name, alteration);
            if unique::is_index(table, &from.name) {
                let set = |key, value| Alteration::SetProperty { key, value };
                let marked = Some("unique".to_string());
                changes = changes.alter_table(&table.name, set(unique::property(&from.name), None));
                changes = changes.alter_table(&table.name, set(unique::property(&to.name), marked));
            }
            Ok(changes)
        }
    }
}

fn move_object(namespace: Namespace<'_>, changes: Changes, kind: &str, from: &str, to: &str) -> Changes {
    let bytes = namespace.snapshot.object(kind, from).map(|bytes| bytes.as_ref().clone());
    changes.set_object(kind, from, None).set_object(kind, to, bytes)
}

/// The options of ALTER SEQUENCE, as the parser writes them.
fn said(namespace: Namespace<'_>, options: &[SqlOption]) -> Result<Said> {
    let mut said = Said::default();
    for option in options {
        let unknown = || Error::new(SqlState::SyntaxError, format!("{option} is no option of a sequence"));
        let SqlOption::KeyValue { key, value } = option else { return Err(unknown()) };
        let is_null = matches!(value, Expr::Value(value) if value.value == Value::Null);
        let maybe = || if is_null { Ok(None) } else { number(value).map(Some) };
        match key.value.as_str() {
            "increment" => said.increment = Some(number(value)?),
            "minvalue" => said.least = Some(maybe()?),
            "maxvalue" => said.most = Some(maybe()?),
            "start" => said.start = Some(number(value)?),
            "restart" => said.restart = Some(maybe()?),
            "cache" => said.cache = Some(number(value)?),
            "cycle" => said.cycle = Some(value.to_string().eq_ignore_ascii_case("true")),
            "as" => {
                let text = value.to_string();
                let data_type = crate::parse::parse_type(text.trim_matches('\''))?;
                said = said.typed(&data_type)?;
            }
            "owned" => {
                let Expr::CompoundIdentifier(parts) = value else { return Err(unknown()) };
                let part = |ident: &Ident| ObjectNamePart::Identifier(ident.clone());
                said.owner = Some(sequence::owner(namespace, &ObjectName(parts.iter().map(part).collect()))?);
            }
            _ => return Err(unknown()),
        }
    }
    Ok(said)
}
