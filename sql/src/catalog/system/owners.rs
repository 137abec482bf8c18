//! Owners and grants as the catalogs show them: roles by their names, grants as PostgreSQL writes an `aclitem`.

use std::collections::HashMap;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use muster_storage::Snapshot;

use super::oid;
use super::rows::{list_of, texts};
use crate::catalog::RelationKind;
use crate::privileges::{Access, Acl, Object};
use crate::roles::Role;

/// See the module.
pub(super) struct Owners<'a> {
    snapshot: &'a Snapshot,
    names: HashMap<u64, String>,
}

/// Of one object.
pub(super) struct Owned {
    pub(super) oid: i32,
    pub(super) name: String,
    /// The value of a column `...acl`.
    pub(super) acl: ScalarValue,
}

impl<'a> Owners<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Result<Self> {
        let names = Role::all(snapshot)?.into_iter().map(|role| (role.id, role.name)).collect();
        Ok(Self { snapshot, names })
    }

    pub(super) fn of(&self, object: &Object) -> Result<Owned> {
        let access = Access::of(self.snapshot, object)?;
        let acl = match access.shown(object) {
            Some(acl) => texts(&self.written(&acl)),
            None => ScalarValue::try_from(&list_of(DataType::Utf8))?,
        };
        Ok(Owned { oid: oid::role(access.owner), name: self.name(access.owner), acl })
    }

    pub(super) fn of_relation(&self, kind: RelationKind, stored: &str) -> Result<Owned> {
        self.of(&Object::Relation(kind, stored.to_string()))
    }

    pub(super) fn of_schema(&self, name: &str) -> Result<Owned> {
        self.of(&Object::Schema(name.to_string()))
    }

    /// The name of a role, its number where there is none.
    pub(super) fn name(&self, role: u64) -> String {
        self.names.get(&role).cloned().unwrap_or_else(|| oid::role(role).to_string())
    }

    /// Each grant as `grantee=privileges/grantor`.
    fn written(&self, acl: &Acl) -> Vec<String> {
        let item = |entry: &crate::privileges::Entry| {
            let grantee = entry.grantee.map(|role| item_name(&self.name(role))).unwrap_or_default();
            let privileges = entry.privileges.written(entry.options);
            format!("{grantee}={privileges}/{}", item_name(&self.name(entry.grantor)))
        };
        acl.entries().iter().map(item).collect()
    }
}

/// A name in an `aclitem`.
fn item_name(name: &str) -> String {
    if name.chars().all(|char| char.is_alphanumeric() || char == '_') {
        return name.to_string();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}
