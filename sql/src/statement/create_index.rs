//! `CREATE INDEX ... USING hnsw (column opclass) WITH (m = 16, ef_construction = 200, code_bits = 8, list_rows = 1)`; other
//! methods are [`plain_index`]'s and [`unique_index`]'s.
//!
//! The index is built before the statement answers, from sealed rows; writers go on meanwhile, so
//! CONCURRENTLY is how it always works.

use std::collections::BTreeMap;

use arrow::datatypes::Schema;
use datafusion::sql::sqlparser::ast::{BinaryOperator, CreateIndex, Expr};
use muster_engine::{CodeBits, HnswParams, Metric};
use muster_storage::{Changes, IndexDefinition, Snapshot};

use super::{name, plain_index, unique_index};
use crate::catalog::namespace::kind;
use crate::catalog::relation::{plain, schema_of, stored};
use crate::database::Shared;
use crate::index::plain::{BTREE, is_plain};
use crate::index::{CODE_BITS, Command, EF_CONSTRUCTION, Indexes, LIST_ROWS, M, METHOD, METRIC, find_class};
use crate::progress::Progress;
use crate::sqlstate::SqlState;
use crate::types::vector::VectorKind;
use crate::{Error, Result};

/// An index as it is to be made.
pub(crate) struct NewIndex {
    pub(crate) name: String,
    table: String,
    column: usize,
    metric: Metric,
    params: HnswParams,
}

impl NewIndex {
    /// `taken` are the names of the indexes that are there.
    ///
    /// # Errors
    /// 0A000 for what hnsw has not, 42703, 42704, 42804 and 22023 for what is wrong.
    pub(crate) fn of(create: &CreateIndex, table: &str, schema: &Schema, taken: &[&str]) -> Result<Self> {
        let refused = [
            (create.unique, "a unique hnsw index"),
            (!create.include.is_empty(), "INCLUDE"),
            (create.predicate.is_some(), "a partial index (WHERE)"),
            (create.nulls_distinct.is_some(), "NULLS DISTINCT"),
            (!create.index_options.is_empty() || !create.alter_options.is_empty(), "index options"),
        ];
        if let Some((_, what)) = refused.iter().find(|(said, _)| *said) {
            return Err(Error::unsupported(what));
        }
        let [indexed] = create.columns.as_slice() else {
            return Err(Error::unsupported("an hnsw index over several columns"));
        };
        let Expr::Identifier(ident) = &indexed.column.expr else {
            return Err(Error::unsupported("an hnsw index over an expression"));
        };
        if indexed.column.options.asc.is_some() || indexed.column.options.nulls_first.is_some() {
            return Err(Error::unsupported("ASC, DESC and NULLS FIRST in an hnsw index"));
        }
        let column_name = name::ident(ident);
        let column =
            schema.index_of(&column_name).map_err(|_| Error::undefined_column(&column_name, table))?;
        let Some(kind) = VectorKind::of(schema.field(column)) else {
            return Err(Error::new(
                SqlState::DatatypeMismatch,
                format!("column \"{column_name}\" is no vector, so it has no hnsw index"),
            )
            .with_column(table, &column_name));
        };
        let metric = match &indexed.operator_class {
            None => Metric::Cosine,
            Some(class) => {
                let class = class.to_string().to_lowercase();
                let (of, metric) = find_class(&class).ok_or_else(|| {
                    Error::new(
                        SqlState::UndefinedObject,
                        format!("operator class \"{class}\" does not exist for access method \"hnsw\""),
                    )
                })?;
                if of != kind {
                    let kind = kind.name();
                    return Err(Error::new(
                        SqlState::DatatypeMismatch,
                        format!("operator class \"{class}\" does not accept data type {kind}"),
                    ));
                }
                metric
            }
        };
        let params = params(&create.with)?;
        if params.list_rows > 1 && metric == Metric::InnerProduct {
            return Err(Error::unsupported(format!("{LIST_ROWS} for inner products"))
                .with_hint("The vector with the greatest inner product may be in any list. Of normalised vectors, take the cosine."));
        }
        let name = match &create.name {
            Some(name) => stored(schema_of(table), &unique_index::index_name(name)?),
            None => free_name(&format!("{table}_{column_name}_idx"), taken),
        };
        Ok(Self { name, table: table.to_string(), column, metric, params })
    }

    pub(crate) fn add_to(&self, changes: Changes) -> Changes {
        let properties = BTreeMap::from([
            (METRIC.to_string(), self.metric.name().to_string()),
            (M.to_string(), self.params.m.to_string()),
            (EF_CONSTRUCTION.to_string(), self.params.ef_construction.to_string()),
            (CODE_BITS.to_string(), self.params.code_bits.number().to_string()),
            (LIST_ROWS.to_string(), self.params.list_rows.to_string()),
        ]);
        changes.create_index(&self.table, &self.name, self.column, METHOD, properties)
    }
}

fn params(with: &[Expr]) -> Result<HnswParams> {
    let mut params = HnswParams::default();
    for option in with {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = option else {
            return Err(Error::new(
                SqlState::SyntaxError,
                format!("index option {option} is not name = value"),
            ));
        };
        let name = left.to_string().to_lowercase();
        let written = right.to_string();
        let value: usize = written.trim_matches('\'').parse().map_err(|_| {
            Error::new(
                SqlState::InvalidParameterValue,
                format!("invalid value for integer option \"{name}\": {written}"),
            )
        })?;
        match name.as_str() {
            M => params.m = value,
            EF_CONSTRUCTION => params.ef_construction = value,
            LIST_ROWS => params.list_rows = value,
            CODE_BITS => {
                params.code_bits = CodeBits::from_number(value).ok_or_else(|| {
                    Error::new(
                        SqlState::InvalidParameterValue,
                        format!("value {value} for option \"{CODE_BITS}\" is neither 4 nor 8"),
                    )
                })?;
            }
            _ => {
                return Err(Error::new(
                    SqlState::InvalidParameterValue,
                    format!("unrecognized parameter \"{name}\""),
                ));
            }
        }
    }
    params.check()?;
    Ok(params)
}

fn free_name(wanted: &str, taken: &[&str]) -> String {
    let mut name = wanted.to_string();
    let mut number = 0_u32;
    while taken.contains(&name.as_str()) {
        number += 1;
        name = format!("{wanted}{number}");
    }
    name
}

/// The table, the index's name and the changes; `None` when the index is there and IF NOT EXISTS was said.
///
/// # Errors
/// As [`NewIndex::of`]; 22000 for a zero vector under cosine.
pub(crate) fn changes(
    snapshot: &Snapshot,
    create: &CreateIndex,
    in_block: bool,
) -> Result<Option<(String, String, Changes)>> {
    let table_name = name::table(&create.table_name)?;
    let table = snapshot.table(&table_name).ok_or_else(|| Error::undefined_table(&table_name))?;
    let method = plain_index::method(create)?;
    if method != METHOD {
        let made = if create.unique && method == BTREE {
            unique_index::changes(snapshot, table.definition(), create)?
        } else {
            plain_index::changes(snapshot, table.definition(), create, &method)?
        };
        return Ok(made.map(|(name, changes)| (table_name, name, changes)));
    }
    let taken: Vec<&str> = snapshot
        .tables()
        .flat_map(|table| &table.definition().indexes)
        .map(|index| index.name.as_str())
        .collect();
    let index = NewIndex::of(create, &table_name, &table.definition().schema, &taken)?;
    if kind(snapshot, &index.name).is_some() {
        if create.if_not_exists {
            return Ok(None);
        }
        return Err(Error::new(
            SqlState::DuplicateTable,
            format!("relation \"{}\" already exists", plain(&index.name)),
        ));
    }
    Indexes::check(table, index.column, index.metric)?;
    let mut changes = index.add_to(Changes::new());
    // Outside of a block the rows are checked once more when the index is built. In one, the rows that were checked must
    // be those that the commit finds: any other may be a zero vector, which cosine has no distance for.
    if in_block && index.metric == Metric::Cosine {
        changes = changes.unchanged(&table_name);
    }
    Ok(Some((table_name, index.name, changes)))
}

/// Builds an index that was committed. When that fails, the index goes again.
///
/// # Errors
/// 22000 for a zero vector under cosine that came meanwhile; 57014 when cancelled.
pub(crate) fn build(
    shared: &Shared,
    table: &str,
    name: &str,
    progress: &dyn Progress,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<()> {
    let made = shared.store.snapshot().table(table).and_then(|table| table.definition().index(name).cloned());
    // Dropped again already; or one over plain columns, of which nothing is built.
    let Some(made) = made.filter(|made| !is_plain(made)) else { return Ok(()) };
    let built = build_checked(shared, table, &made, progress, continues);
    if built.is_err() {
        // A statement that failed leaves nothing behind, as in PostgreSQL.
        shared.store.commit(Changes::new().drop_index(table, name))?;
    }
    built
}

fn build_checked(
    shared: &Shared,
    table: &str,
    index: &IndexDefinition,
    progress: &dyn Progress,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<()> {
    // Rows that came between the check and the index are checked by their own statements only
    // once the index is known, so they are looked at again here.
    shared.store.checkpoint_table(table)?;
    if let Some(table) = shared.store.snapshot().table(table) {
        Indexes::check(table, index.column, crate::index::metric_of(index)?)?;
    }
    shared.indexes.build(table, index, Command::Create, progress, continues)
}
