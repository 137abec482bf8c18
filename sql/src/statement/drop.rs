//! `DROP TABLE`, `DROP VIEW`, `DROP SEQUENCE`, `DROP INDEX`, `DROP SCHEMA`: what goes, and what depends on it.

use datafusion::sql::sqlparser::ast::{ObjectName, ObjectType};
use muster_storage::{Alteration, Changes};

use super::define::Defined;
use super::schema;
use crate::catalog::comment::{self, Commented};
use crate::catalog::namespace::{SCHEMA_KIND, SEQUENCE_KIND, VIEW_KIND};
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{Namespace, RelationKind, RelationName, Sequence, View};
use crate::foreign_key::users;
use crate::index::unique;
use crate::privileges::Object;
use crate::sequence;
use crate::sqlstate::SqlState;
use crate::{Error, Result, column, privileges};

/// The statement's changes.
///
/// # Errors
/// 42P01, 42704 and 3F000 for what is not there, unless IF EXISTS; 42809 for an object of another kind; 2BP01 for one
/// that others depend on, unless CASCADE; 0A000 for other kinds of objects.
pub(super) fn define(
    namespace: Namespace<'_>,
    kind: &ObjectType,
    names: &[ObjectName],
    if_exists: bool,
    cascade: bool,
) -> Result<Defined> {
    let (relation, tag) = match kind {
        ObjectType::Table => (RelationKind::Table, "DROP TABLE"),
        ObjectType::View => (RelationKind::View, "DROP VIEW"),
        ObjectType::Sequence => (RelationKind::Sequence, "DROP SEQUENCE"),
        ObjectType::Index => (RelationKind::Index, "DROP INDEX"),
        ObjectType::Schema => {
            let changes = schema::drop(namespace, names, if_exists, cascade)?;
            return Ok(Defined::new(changes, "DROP SCHEMA"));
        }
        other => return Err(Error::unsupported(format!("DROP {other}"))),
    };
    let mut dropping = Dropping::new(namespace, cascade);
    for name in names {
        if let Some(found) = namespace.find_kind(name, relation, if_exists)? {
            dropping.add(Target::of(relation, found.stored()))?;
        }
    }
    Ok(Defined::new(dropping.changes()?, tag))
}

/// The changes of a DROP of several objects of any kind, together.
///
/// # Errors
/// 2BP01 where something else depends on one of them, unless CASCADE.
pub(crate) fn objects(
    changes: Changes,
    namespace: Namespace<'_>,
    objects: &[Object],
    cascade: bool,
) -> Result<Changes> {
    let mut dropping = Dropping::new(namespace, cascade);
    for object in objects {
        match object {
            Object::Relation(kind, stored) => dropping.add(Target::of(*kind, stored.clone()))?,
            Object::Schema(name) => dropping.add(Target::Schema(name.clone()))?,
            Object::Database => {}
        }
    }
    Ok(changes.and(dropping.changes()?))
}

/// What goes. Relations by the strings that storage knows them by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Schema(String),
    Table(String),
    View(String),
    Sequence(String),
    Index(String),
    /// The default of a table's column.
    Default(String, String),
    /// A foreign key of a table.
    ForeignKey(String, String),
}

impl Target {
    fn of(kind: RelationKind, stored: String) -> Self {
        match kind {
            RelationKind::Table => Self::Table(stored),
            RelationKind::View => Self::View(stored),
            RelationKind::Sequence => Self::Sequence(stored),
            RelationKind::Index => Self::Index(stored),
        }
    }
}

/// As PostgreSQL names objects in errors.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let relation = RelationName::of_stored;
        match self {
            Self::Schema(name) => write!(f, "schema {name}"),
            Self::Table(name) => write!(f, "table {}", relation(name)),
            Self::View(name) => write!(f, "view {}", relation(name)),
            Self::Sequence(name) => write!(f, "sequence {}", relation(name)),
            Self::Index(name) => write!(f, "index {}", relation(name)),
            Self::Default(table, column) => {
                write!(f, "default value for column {column} of table {}", relation(table))
            }
            Self::ForeignKey(table, name) => f.write_str(&users::shown(table, name)),
        }
    }
}

/// What a statement drops, put together with what depends on it.
pub(super) struct Dropping<'a> {
    namespace: Namespace<'a>,
    cascade: bool,
    /// What the statement names, and what goes with that.
    targets: Vec<Target>,
    /// What depends on a target: the dependent, and the target that it depends on.
    dependents: Vec<(Target, Target)>,
}

impl<'a> Dropping<'a> {
    pub(super) fn new(namespace: Namespace<'a>, cascade: bool) -> Self {
        Self { namespace, cascade, targets: Vec::new(), dependents: Vec::new() }
    }

    /// Adds an object, once.
    ///
    /// # Errors
    /// 2BP01 for the index of a key.
    pub(super) fn add(&mut self, target: Target) -> Result<()> {
        if self.targets.contains(&target) {
            return Ok(());
        }
        let snapshot = self.namespace.snapshot;
        self.targets.push(target.clone());
        match &target {
            Target::Schema(name) => {
                for relation in schema::relations(snapshot, name) {
                    if let Some(kind) = self.namespace.kind(&relation) {
                        self.dependents.push((Target::of(kind, relation.stored()), target.clone()));
                    }
                }
            }
            Target::Table(name) => {
                for (sequence, _) in Sequence::owned(snapshot, name, None)? {
                    self.add(Target::Sequence(sequence))?;
                }
                self.add_users(name, &target)?;
                if let Some(table) = snapshot.table(name) {
                    for (child, key) in users::of_table(snapshot, table.definition())? {
                        self.dependents.push((Target::ForeignKey(child, key.name), target.clone()));
                    }
                }
            }
            Target::View(name) => self.add_users(name, &target)?,
            Target::Sequence(name) => {
                for table in snapshot.tables() {
                    let table = table.definition();
                    for field in table.schema.fields() {
                        let uses = column::default(field).is_some_and(|sql| sequence::uses(sql, name));
                        if uses {
                            let default = Target::Default(table.name.clone(), field.name().clone());
                            self.dependents.push((default, target.clone()));
                        }
                    }
                }
            }
            Target::Index(name) => {
                let table = snapshot.tables().find(|table| {
                    let table = table.definition();
                    schema_of(&table.name) == schema_of(name) && table.key(plain(name)).is_some()
                });
                let is_index = snapshot.tables().any(|table| table.definition().index(name).is_some());
                let table = table.filter(|table| !unique::is_index(table.definition(), plain(name)));
                if let (Some(table), false) = (table, is_index) {
                    let (index, table) = (plain(name), plain(&table.definition().name));
                    return Err(Error::new(
                        SqlState::DependentObjectsStillExist,
                        format!(
                            "cannot drop index {index} because constraint {index} on table {table} requires it"
                        ),
                    )
                    .with_hint(format!("You can drop constraint {index} on table {table} instead.")));
                }
                let unique = snapshot.tables().map(|table| table.definition()).find(|table| {
                    schema_of(&table.name) == schema_of(name) && unique::is_index(table, plain(name))
                });
                if let Some(table) = unique.filter(|_| !is_index) {
                    for (child, key) in users::of_key(snapshot, table, plain(name))? {
                        self.dependents.push((Target::ForeignKey(child, key.name), target.clone()));
                    }
                }
            }
            Target::Default(_, _) | Target::ForeignKey(_, _) => {}
        }
        Ok(())
    }

    fn add_users(&mut self, relation: &str, target: &Target) -> Result<()> {
        for (view, _) in View::users(self.namespace.snapshot, relation)? {
            self.dependents.push((Target::View(view), target.clone()));
        }
        Ok(())
    }

    /// All changes.
    ///
    /// # Errors
    /// 2BP01 where something depends on a target and is none itself, unless CASCADE was said.
    pub(super) fn changes(mut self) -> Result<Changes> {
        loop {
            let goes = |target: &Target| match target {
                Target::Default(table, _) | Target::ForeignKey(table, _) => {
                    self.targets.contains(target) || self.targets.contains(&Target::Table(table.clone()))
                }
                _ => self.targets.contains(target),
            };
            let left: Vec<(Target, Target)> =
                self.dependents.iter().filter(|(dependent, _)| !goes(dependent)).cloned().collect();
            let Some((_, target)) = left.first() else { break };
            if !self.cascade {
                let details: Vec<String> = left
                    .iter()
                    .map(|(dependent, target)| format!("{dependent} depends on {target}"))
                    .collect();
                return Err(Error::new(
                    SqlState::DependentObjectsStillExist,
                    format!("cannot drop {target} because other objects depend on it"),
                )
                .with_detail(details.join("\n"))
                .with_hint("Use DROP ... CASCADE to drop the dependent objects too."));
            }
            for (dependent, _) in left {
                self.add(dependent)?;
            }
        }
        let mut changes = Changes::new();
        for target in &self.targets {
            changes = self.drop(changes, target);
        }
        Ok(changes)
    }

    /// Drops an index that is a key of its table.
    fn drop_unique(&self, changes: Changes, name: &str) -> Changes {
        let key = plain(name);
        let table = self.namespace.snapshot.tables().map(|table| table.definition()).find(|table| {
            schema_of(&table.name) == schema_of(name)
                && table.key(key).is_some()
                && unique::is_index(table, key)
        });
        match table {
            Some(table) if !self.targets.contains(&Target::Table(table.name.clone())) => {
                let property = Alteration::SetProperty { key: unique::property(key), value: None };
                changes
                    .alter_table(&table.name, Alteration::DropKey { name: key.to_string() })
                    .alter_table(&table.name, property)
            }
            _ => changes,
        }
    }

    fn drop(&self, changes: Changes, target: &Target) -> Changes {
        let snapshot = self.namespace.snapshot;
        match target {
            Target::Schema(name) => {
                let changes = changes.set_object(SCHEMA_KIND, name, None);
                let changes = privileges::drop_schema(changes, snapshot, name);
                comment::move_to(changes, snapshot, Commented::Schema(name), None)
            }
            Target::Table(name) => {
                let mut changes = comment::move_all(changes, snapshot, name, None);
                for index in snapshot.table(name).iter().flat_map(|table| &table.definition().indexes) {
                    changes = comment::move_all(changes, snapshot, &index.name, None);
                }
                changes.drop_table(name)
            }
            Target::View(name) => {
                comment::move_all(changes, snapshot, name, None).set_object(VIEW_KIND, name, None)
            }
            Target::Sequence(name) => {
                comment::move_all(changes, snapshot, name, None).set_object(SEQUENCE_KIND, name, None)
            }
            Target::Index(name) => {
                let changes = comment::move_all(changes, snapshot, name, None);
                let table = snapshot.tables().find(|table| table.definition().index(name).is_some());
                match table {
                    Some(table)
                        if !self.targets.contains(&Target::Table(table.definition().name.clone())) =>
                    {
                        changes.drop_index(&table.definition().name, name)
                    }
                    Some(_) => changes,
                    None => self.drop_unique(changes, name),
                }
            }
            Target::ForeignKey(table, _) if self.targets.contains(&Target::Table(table.clone())) => changes,
            Target::ForeignKey(table, name) => {
                let changes = changes.alter_table(table, users::unset(name));
                comment::move_to(changes, snapshot, Commented::Constraint(table, name), None)
            }
            Target::Default(table, column) => {
                let Some(definition) = snapshot.table(table).map(|table| table.definition()) else {
                    return changes;
                };
                if self.targets.contains(&Target::Table(table.clone())) {
                    return changes;
                }
                match definition.schema.index_of(column) {
                    Ok(position) => {
                        let field = column::without_default(definition.schema.field(position));
                        changes.alter_table(table, Alteration::SetField { column: position, field })
                    }
                    Err(_) => changes,
                }
            }
        }
    }
}
