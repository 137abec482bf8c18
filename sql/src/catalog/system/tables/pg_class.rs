//! `pg_class`: tables, the indexes of their keys, other indexes, views, sequences, and the catalog's own tables.

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use muster_storage::Table;

use super::super::definition;
use super::super::oid;
use super::super::owners::{Owned, Owners};
use super::super::rows::{Rows, list_of, texts};
use super::super::system_table::Scope;
use crate::catalog::relation::plain;
use crate::catalog::{RelationKind, Sequence, View};
use crate::check_constraint as check;
use crate::foreign_key;
use crate::index::plain::is_plain;

/// psql asks for the options.
pub(super) fn adapted(mut fields: Vec<Field>) -> Vec<Field> {
    fields.push(Field::new("reloptions", list_of(DataType::Utf8), true));
    fields.push(Field::new("relacl", list_of(DataType::Utf8), true));
    fields
}

struct Row<'a> {
    oid: i32,
    owned: Owned,
    name: &'a str,
    namespace: i32,
    kind: &'a str,
    method: i32,
    rows: f64,
    columns: usize,
    indexed: bool,
    options: Option<Vec<String>>,
    checks: usize,
    triggers: bool,
    temporary: bool,
}

impl Row<'_> {
    fn push(self, rows: &mut Rows) -> Result<()> {
        let columns = i16::try_from(self.columns).unwrap_or(i16::MAX);
        rows.push([
            ("oid", self.oid.into()),
            ("relname", self.name.into()),
            ("relnamespace", self.namespace.into()),
            ("reloftype", 0.into()),
            ("relowner", self.owned.oid.into()),
            ("relacl", self.owned.acl.clone()),
            ("relam", self.method.into()),
            ("relfilenode", self.oid.into()),
            ("reltuples", self.rows.into()),
            ("relhasindex", self.indexed.into()),
            ("relpersistence", if self.temporary { "t" } else { "p" }.into()),
            ("relkind", self.kind.into()),
            ("relnatts", columns.into()),
            ("relchecks", i16::try_from(self.checks).unwrap_or(i16::MAX).into()),
            ("relhastriggers", self.triggers.into()),
            ("relispopulated", true.into()),
            ("relreplident", if self.kind == "r" { "d" } else { "n" }.into()),
            ("relrewrite", 0.into()),
            (
                "reloptions",
                match &self.options {
                    Some(options) => texts(options),
                    None => ScalarValue::try_from(&list_of(DataType::Utf8))?,
                },
            ),
        ])
    }
}

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let owners = Owners::new(scope.snapshot)?;
    for table in scope.snapshot.tables() {
        fill_table(table, scope.namespace(&table.definition().name), &owners, rows)?;
    }
    for (name, view) in View::all(scope.snapshot)? {
        let row = Row {
            oid: oid::object(view.id),
            owned: owners.of_relation(RelationKind::View, &name)?,
            name: plain(&name),
            namespace: scope.namespace(&name),
            kind: "v",
            method: 0,
            rows: UNKNOWN,
            columns: view.columns.fields().len(),
            indexed: false,
            options: None,
            checks: 0,
            triggers: false,
            temporary: false,
        };
        row.push(rows)?;
    }
    for (name, sequence) in Sequence::all(scope.snapshot)? {
        let row = Row {
            oid: oid::object(sequence.id),
            owned: owners.of_relation(RelationKind::Sequence, &name)?,
            name: plain(&name),
            namespace: scope.namespace(&name),
            kind: "S",
            method: 0,
            rows: 1.0,
            columns: 3,
            indexed: false,
            options: None,
            checks: 0,
            triggers: false,
            temporary: false,
        };
        row.push(rows)?;
    }
    let none = ScalarValue::try_from(&list_of(DataType::Utf8))?;
    for relation in scope.system {
        let row = Row {
            oid: relation.oid,
            owned: Owned { oid: oid::OWNER, name: String::new(), acl: none.clone() },
            name: &relation.name,
            namespace: relation.namespace,
            kind: if relation.view { "v" } else { "r" },
            method: 0,
            rows: UNKNOWN,
            columns: relation.schema.fields().len(),
            indexed: false,
            options: None,
            checks: 0,
            triggers: false,
            temporary: false,
        };
        row.push(rows)?;
    }
    Ok(())
}

/// Nobody counted.
const UNKNOWN: f64 = -1.0;

fn fill_table(table: &Table, namespace: i32, owners: &Owners<'_>, rows: &mut Rows) -> Result<()> {
    let definition = table.definition();
    let owned = owners.of_relation(RelationKind::Table, &definition.name)?;
    let owner = owned.oid;
    // What is granted on a table is not granted on its indexes.
    let none = ScalarValue::try_from(&list_of(DataType::Utf8))?;
    let of_index = || Owned { oid: owner, name: String::new(), acl: none.clone() };
    #[expect(clippy::cast_precision_loss, reason = "an estimate in PostgreSQL as well")]
    let live = table.live_rows() as f64;
    let row = Row {
        oid: oid::table(definition.id),
        owned,
        name: plain(&definition.name),
        namespace,
        kind: "r",
        method: 0,
        rows: live,
        columns: definition.schema.fields().len(),
        indexed: !(definition.keys.is_empty() && definition.indexes.is_empty()),
        options: None,
        checks: check::all(&definition.properties).count(),
        // Foreign keys are triggers in PostgreSQL, and psql looks for them where there are triggers.
        triggers: foreign_key::has_any(&definition.properties)
            || foreign_key::is_referenced(&definition.properties),
        temporary: definition.temporary,
    };
    row.push(rows)?;
    for (position, key) in definition.keys.iter().enumerate() {
        let row = Row {
            oid: oid::key(definition.id, position),
            owned: of_index(),
            name: &key.name,
            namespace,
            kind: "i",
            method: oid::BTREE,
            rows: live,
            columns: key.columns.len(),
            indexed: false,
            options: None,
            checks: 0,
            triggers: false,
            temporary: definition.temporary,
        };
        row.push(rows)?;
    }
    for index in &definition.indexes {
        let row = Row {
            oid: oid::index(index.id),
            owned: of_index(),
            name: plain(&index.name),
            namespace,
            kind: "i",
            method: oid::method(&index.method),
            rows: live,
            columns: index.columns().count(),
            indexed: false,
            options: (!is_plain(index)).then(|| definition::options(index)),
            checks: 0,
            triggers: false,
            temporary: definition.temporary,
        };
        row.push(rows)?;
    }
    Ok(())
}
