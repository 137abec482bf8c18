//! What definitions need to be allowed, and whom what they make belongs to.
//!
//! It looks at the statement alone, whose names are resolved, before anything is worked out. What is not there is told by the
//! statement itself.

use datafusion::sql::sqlparser::ast::{
    AlterSchemaOperation, AlterTable, AlterTableOperation, ColumnOption, CommentObject, CreateIndex,
    CreateTable, CreateTableLikeKind, Expr, Ident, LockTableMode, ObjectName, ObjectNamePart, ObjectType,
    SchemaName, SqlOption, Statement, TableConstraint, Truncate, TruncateIdentityOption,
};
use muster_storage::Changes;

use super::grant::Granting;
use super::rights::denied;
use super::{Access, Object, Privilege, Privileges, Rights, RoleSpec};
use crate::catalog::{CATALOG, Namespace, RelationKind, Sequence};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::statement::{name, sequence, truncate};
use crate::{Error, Result};

/// Whether a definition may be made.
///
/// # Errors
/// 42501 where it may not.
pub(crate) fn check(context: &StatementContext, statement: &Statement) -> Result<()> {
    let Some(rights) = context.rights()? else { return Ok(()) };
    let asking = Asking { context, rights: &rights, namespace: context.namespace() };
    match statement {
        Statement::CreateTable(create) => asking.create_table(create),
        Statement::CreateView(create) => {
            let temporary = create.temporary;
            asking.create(&create.name, temporary)?;
            match asking.found(&create.name)? {
                Some(replaced) if create.or_replace => rights.need_owner(&replaced),
                _ => Ok(()),
            }?;
            asking.usage(&Statement::Query(create.query.clone()))
        }
        Statement::CreateSequence { name, temporary, owned_by, .. } => {
            asking.create(name, *temporary)?;
            match owned_by {
                Some(column) => asking.owner_of_sequence(column),
                None => Ok(()),
            }
        }
        Statement::CreateSchema { .. } => rights.need(&Object::Database, Privilege::Create.into()),
        // Its owner is asked for where it changes.
        Statement::AlterSchema(alter) => match alter.operations.as_slice() {
            [AlterSchemaOperation::OwnerTo { .. }] => Ok(()),
            _ => asking.owns_schema(&alter.name),
        },
        Statement::AlterTable(alter) => asking.alter_table(alter),
        Statement::Truncate(truncate) => asking.truncate(truncate),
        Statement::Comment { object_type, object_name, .. } => asking.comment(object_type, object_name),
        Statement::Drop { object_type, names, .. } => asking.drop(object_type, names),
        Statement::CreateIndex(create) => asking.create_index(create),
        Statement::Lock(lock) => {
            let mode = lock.lock_mode.as_ref().unwrap_or(&LockTableMode::AccessExclusive);
            let wanted = of_lock(mode);
            lock.tables.iter().try_for_each(|target| match asking.found(&target.name)? {
                Some(found) => {
                    rights.need_usage(found.schema_name().unwrap_or_default())?;
                    rights.need_any(&found, wanted)
                }
                None => Ok(()),
            })
        }
        _ => Ok(()),
    }
}

/// The privileges of which one is enough for a mode, as PostgreSQL has it.
fn of_lock(mode: &LockTableMode) -> Privileges {
    use Privilege::{Delete, Insert, Select, Truncate, Update};
    match mode {
        LockTableMode::AccessShare => const { Privileges::of(&[Select]) },
        LockTableMode::RowExclusive => const { Privileges::of(&[Insert, Update, Delete, Truncate]) },
        _ => const { Privileges::of(&[Update, Delete, Truncate]) },
    }
}

struct Asking<'a> {
    context: &'a StatementContext,
    rights: &'a Rights,
    namespace: Namespace<'a>,
}

impl Asking<'_> {
    /// The relation of that name, if there is one.
    fn found(&self, name: &ObjectName) -> Result<Option<Object>> {
        let found = self.namespace.find(name)?;
        Ok(found.map(|(found, kind)| Object::Relation(kind, found.stored())))
    }

    /// Whether a relation of that name may be made.
    fn create(&self, name: &ObjectName, temporary: bool) -> Result<()> {
        let schema = self.namespace.new_name(name, temporary)?.schema;
        if schema == self.namespace.path.temporary() {
            return match self.rights.need(&Object::Database, Privilege::Temporary.into()) {
                Ok(()) => Ok(()),
                Err(_) => {
                    let message =
                        format!("permission denied to create temporary tables in database \"{CATALOG}\"");
                    Err(Error::new(SqlState::InsufficientPrivilege, message))
                }
            };
        }
        self.rights.need(&Object::Schema(schema), Privilege::Create.into())
    }

    fn create_table(&self, create: &CreateTable) -> Result<()> {
        self.create(&create.name, create.temporary)?;
        let own = self.namespace.new_name(&create.name, create.temporary)?;
        let of_columns = create.columns.iter().flat_map(|column| &column.options);
        let of_columns = of_columns.filter_map(|option| match &option.option {
            ColumnOption::ForeignKey(key) => Some(&key.foreign_table),
            _ => None,
        });
        let of_constraints = create.constraints.iter().filter_map(referenced);
        for parent in of_columns.chain(of_constraints) {
            let (schema, name) = name::parts(parent)?;
            let is_own = name == own.name && schema.is_none_or(|schema| schema == own.schema);
            if !is_own {
                self.references(parent)?;
            }
        }
        let like = match &create.like {
            Some(CreateTableLikeKind::Parenthesized(like) | CreateTableLikeKind::Plain(like)) => Some(like),
            None => None,
        };
        if let Some(like) = like
            && let Some(source) = self.found(&like.name)?
        {
            self.rights.need_usage(source.schema_name().unwrap_or_default())?;
            self.rights.need(&source, Privilege::Select.into())?;
        }
        Ok(())
    }

    /// Whether foreign keys may refer to a table.
    fn references(&self, parent: &ObjectName) -> Result<()> {
        let Some(parent) = self.found(parent)? else { return Ok(()) };
        self.rights.need_usage(parent.schema_name().unwrap_or_default())?;
        self.rights.need(&parent, Privilege::References.into())
    }

    /// Whether what a view's query names may be looked up. Whether it may be read is asked of its owner when it is.
    fn usage(&self, query: &Statement) -> Result<()> {
        let mut query = query.clone();
        let mut usage = |relation: &mut ObjectName| -> Result<()> {
            match self.found(relation)? {
                Some(found) => self.rights.need_usage(found.schema_name().unwrap_or_default()),
                None => Ok(()),
            }
        };
        crate::planning::each_relation(&mut query, &mut usage, &mut |_| {})
    }

    /// Whether a sequence may go with a column: its table has the owner that the sequence has.
    fn owner_of_sequence(&self, column: &ObjectName) -> Result<()> {
        let Some((table, _)) = sequence::owner(self.namespace, column)? else { return Ok(()) };
        self.rights.need_owner(&Object::Relation(RelationKind::Table, table))
    }

    fn alter_table(&self, alter: &AlterTable) -> Result<()> {
        let Some(found) = self.found(&alter.name)? else { return Ok(()) };
        // The new owner is looked at where the owner changes.
        if let [AlterTableOperation::OwnerTo { .. }] = alter.operations.as_slice() {
            return Ok(());
        }
        self.rights.need_owner(&found)?;
        for action in &alter.operations {
            match action {
                AlterTableOperation::RenameTable { .. } => {
                    let schema = found.schema_name().unwrap_or_default().to_string();
                    self.rights.need(&Object::Schema(schema), Privilege::Create.into())?;
                }
                AlterTableOperation::AddColumn { column_def, .. } => {
                    for option in &column_def.options {
                        if let ColumnOption::ForeignKey(key) = &option.option {
                            self.references(&key.foreign_table)?;
                        }
                    }
                }
                AlterTableOperation::AddConstraint { constraint, .. } => {
                    if let Some(parent) = referenced(constraint) {
                        self.references(parent)?;
                    }
                }
                AlterTableOperation::SetOptionsParens { options }
                    if matches!(found, Object::Relation(RelationKind::Sequence, _)) =>
                {
                    self.linked(options)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a sequence may go with the column that ALTER SEQUENCE names.
    fn linked(&self, options: &[SqlOption]) -> Result<()> {
        for option in options {
            let SqlOption::KeyValue { key, value: Expr::CompoundIdentifier(parts) } = option else {
                continue;
            };
            if key.value == "owned" {
                let part = |part: &Ident| ObjectNamePart::Identifier(part.clone());
                self.owner_of_sequence(&ObjectName(parts.iter().map(part).collect()))?;
            }
        }
        Ok(())
    }

    fn truncate(&self, truncate: &Truncate) -> Result<()> {
        let restart = matches!(truncate.identity, Some(TruncateIdentityOption::Restart));
        for table in truncate::tables(self.namespace, truncate)? {
            let object = Object::Relation(RelationKind::Table, table.clone());
            self.rights.need_usage(object.schema_name().unwrap_or_default())?;
            self.rights.need(&object, Privilege::Truncate.into())?;
            for (sequence, _) in
                Sequence::owned(&self.context.snapshot, &table, None)?.iter().filter(|_| restart)
            {
                self.rights.need_owner(&Object::Relation(RelationKind::Sequence, sequence.clone()))?;
            }
        }
        Ok(())
    }

    fn owns_schema(&self, name: &ObjectName) -> Result<()> {
        let (_, schema) = name::parts(name)?;
        match self.namespace.has_schema(&schema) {
            true => self.rights.need_owner(&Object::Schema(schema)),
            false => Ok(()),
        }
    }

    fn comment(&self, kind: &CommentObject, name: &ObjectName) -> Result<()> {
        let relation = match kind {
            CommentObject::Schema => return self.owns_schema(name),
            CommentObject::Extension => {
                let message = format!("must be owner of extension {name}");
                return Err(Error::new(SqlState::InsufficientPrivilege, message));
            }
            // A constraint is written as a column whose table has a mark before it.
            CommentObject::Column => match name.0.as_slice() {
                [ObjectNamePart::Function(_), table @ .., _] | [table @ .., _] if !table.is_empty() => {
                    ObjectName(table.to_vec())
                }
                _ => return Ok(()),
            },
            _ => name.clone(),
        };
        match self.found(&relation)? {
            Some(found) => self.rights.need_owner(&found),
            None => Ok(()),
        }
    }

    fn drop(&self, kind: &ObjectType, names: &[ObjectName]) -> Result<()> {
        for name in names {
            match kind {
                ObjectType::Schema => self.owns_schema(name)?,
                ObjectType::Table | ObjectType::View | ObjectType::Sequence | ObjectType::Index => {
                    if let Some(found) = self.found(name)? {
                        self.rights.need_drop(&found)?;
                    }
                }
                // Roles ask for themselves, and nothing else can be dropped.
                _ => {}
            }
        }
        Ok(())
    }

    fn create_index(&self, create: &CreateIndex) -> Result<()> {
        let Some(table) = self.found(&create.table_name)? else { return Ok(()) };
        self.rights.need_owner(&table)?;
        let schema = table.schema_name().unwrap_or_default().to_string();
        self.rights.need(&Object::Schema(schema), Privilege::Create.into())
    }
}

fn referenced(constraint: &TableConstraint) -> Option<&ObjectName> {
    match constraint {
        TableConstraint::ForeignKey(key) => Some(&key.foreign_table),
        _ => None,
    }
}

/// The changes of a definition, and that what it makes belongs to whoever runs it.
///
/// # Errors
/// 42704 and 42501 for an owner that cannot be.
pub(crate) fn owned(context: &StatementContext, statement: &Statement, changes: Changes) -> Result<Changes> {
    let namespace = context.namespace();
    let made = match statement {
        Statement::CreateTable(create) => {
            Some((namespace.new_name(&create.name, create.temporary)?, RelationKind::Table))
        }
        Statement::CreateView(create) => {
            Some((namespace.new_name(&create.name, create.temporary)?, RelationKind::View))
        }
        Statement::CreateSequence { name, temporary, .. } => {
            Some((namespace.new_name(name, *temporary)?, RelationKind::Sequence))
        }
        _ => None,
    };
    if let Some((made, kind)) = made {
        // What was there keeps its owner: of a view that is replaced, of IF NOT EXISTS.
        return match namespace.kind(&made) {
            Some(_) => Ok(changes),
            None => give(context, changes, &Object::Relation(kind, made.stored()), None),
        };
    }
    if let Statement::AlterTable(alter) = statement
        && let Some((found, RelationKind::Sequence)) = namespace.find(&alter.name)?
        && let [AlterTableOperation::SetOptionsParens { .. }] = alter.operations.as_slice()
    {
        // One that goes with a column no more stays whose it was.
        let object = Object::Relation(RelationKind::Sequence, found.stored());
        let access = Access::of(&context.snapshot, &object)?;
        return if access.owner == 0 { Ok(changes) } else { access.put(changes, &object) };
    }
    let Statement::CreateSchema { schema_name, .. } = statement else { return Ok(changes) };
    let (schema, owner) = schema_of(context, schema_name)?;
    match namespace.has_schema(&schema) {
        true => Ok(changes),
        false => give(context, changes, &Object::Schema(schema), owner.as_ref()),
    }
}

/// The name of the schema that a statement makes, and the role that it is made for.
///
/// # Errors
/// What is no name.
pub(crate) fn schema_of(
    context: &StatementContext,
    written: &SchemaName,
) -> Result<(String, Option<RoleSpec>)> {
    let spec = |name: &Ident| match name.value.to_ascii_lowercase().as_str() {
        _ if name.quote_style.is_some() => RoleSpec::Named(name.clone()),
        "current_user" | "current_role" => RoleSpec::Current,
        "session_user" => RoleSpec::Session,
        _ => RoleSpec::Named(name.clone()),
    };
    match written {
        SchemaName::Simple(name) => Ok((name::parts(name)?.1, None)),
        SchemaName::NamedAuthorization(name, owner) => Ok((name::parts(name)?.1, Some(spec(owner)))),
        SchemaName::UnnamedAuthorization(owner) => {
            let role = Granting::new(context)?.role(&spec(owner))?.name.clone();
            Ok((role, Some(spec(owner))))
        }
    }
}

fn give(
    context: &StatementContext,
    changes: Changes,
    object: &Object,
    owner: Option<&RoleSpec>,
) -> Result<Changes> {
    let owner = match owner {
        Some(spec) => {
            let granting = Granting::new(context)?;
            let role = granting.role(spec)?;
            if !granting.subject.is_member_of(role.id) {
                let message = format!("must be member of role \"{}\"", role.name);
                return Err(Error::new(SqlState::InsufficientPrivilege, message));
            }
            role.id
        }
        None => context.settings.subject(&context.snapshot)?.role.unwrap_or_default(),
    };
    // What has no file belongs to the first superuser.
    if owner == 0 { Ok(changes) } else { Access { owner, acl: None }.put(changes, object) }
}

/// Whether a table may be sealed and counted: by its owner.
pub(crate) fn may_maintain(rights: Option<&Rights>, table: &str) -> Result<bool> {
    match rights {
        Some(rights) => rights.owns(&Object::Relation(RelationKind::Table, table.to_string())),
        None => Ok(true),
    }
}

/// Whether a sequence may be drawn from or set.
///
/// # Errors
/// 42501 where it may not.
pub(crate) fn need_sequence(rights: &Rights, stored: &str, any: Privileges) -> Result<()> {
    let object = Object::Relation(RelationKind::Sequence, stored.to_string());
    if rights.allowed(&object)?.and(any).is_empty() { Err(denied(&object)) } else { Ok(()) }
}
