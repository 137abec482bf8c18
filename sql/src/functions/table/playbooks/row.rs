//! A row of the table, as searches use it.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use muster_engine::Hit;
use muster_engine::playbook::{boost, strength};
use muster_storage::TableDefinition;

use super::TABLE;
use crate::search::SearchedTable;
use crate::write::nullable_schema;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::functions::table) struct Playbook {
    pub(in crate::functions::table) id: i64,
    pub(in crate::functions::table) query_text: String,
    pub(in crate::functions::table) role: Option<String>,
    pub(in crate::functions::table) answer_id: String,
    pub(in crate::functions::table) answer_corpus: String,
    pub(in crate::functions::table) score: f64,
    pub(in crate::functions::table) helpful: Option<i64>,
    pub(in crate::functions::table) harmful: Option<i64>,
    /// Microseconds since 1970.
    pub(in crate::functions::table) recorded_at: Option<i64>,
    /// Between its query and the one that is asked.
    pub(in crate::functions::table) query_distance: f64,
}

impl Playbook {
    /// What it multiplies its answer's distance by.
    pub(in crate::functions::table) fn boost(&self) -> f64 {
        boost(strength(self.score, self.helpful.unwrap_or_default(), self.harmful.unwrap_or_default()))
    }
}

/// The columns that are read, in the order of [`NAMES`].
#[derive(Debug)]
pub(super) struct Columns {
    positions: Vec<usize>,
    schema: SchemaRef,
}

const TEXTS: [&str; 4] = ["query_text", "role", "answer_id", "answer_corpus"];
const NUMBERS: [&str; 3] = ["playbook_id", "helpful", "harmful"];
const TIMES: [&str; 2] = ["recorded_at", "expires_at"];
const SCORE: &str = "score";

impl Columns {
    /// # Errors
    /// 42703 for one that is gone, 42804 for one of another type.
    pub(super) fn of(definition: &TableDefinition) -> Result<Self> {
        let is_time = |found: &DataType| matches!(found, DataType::Timestamp(TimeUnit::Microsecond, Some(_)));
        let is = |wanted: DataType| move |found: &DataType| found == &wanted;
        let mut positions = Vec::new();
        for name in TEXTS {
            positions.push(TABLE.position(definition, name, is(DataType::Utf8), "text")?);
        }
        for name in NUMBERS {
            positions.push(TABLE.position(definition, name, is(DataType::Int64), "bigint")?);
        }
        for name in TIMES {
            positions.push(TABLE.position(definition, name, is_time, "timestamp with time zone")?);
        }
        positions.push(TABLE.position(definition, SCORE, is(DataType::Float64), "double precision")?);
        // The filter reads it.
        TABLE.position(definition, "tenant", is(DataType::Utf8), "text")?;
        let schema = nullable_schema(&definition.schema.project(&positions)?);
        Ok(Self { positions, schema })
    }

    /// The playbooks of these hits, each with the time when it expires.
    pub(super) fn read(
        &self,
        table: &SearchedTable,
        hits: &[Hit],
    ) -> Result<Vec<(Playbook, Option<DateTime<Utc>>)>> {
        if hits.is_empty() {
            return Ok(Vec::new());
        }
        let places = hits.iter().map(|hit| (hit.part, hit.row));
        let rows = table.rows(places, &self.positions, &self.schema)?;
        hits.iter().enumerate().map(|(row, hit)| self.row(&rows, row, hit.distance)).collect()
    }

    fn row(
        &self,
        rows: &RecordBatch,
        row: usize,
        query_distance: f64,
    ) -> Result<(Playbook, Option<DateTime<Utc>>)> {
        let text = |place| -> Result<Option<String>> {
            let texts: &StringArray = column(rows, place)?.as_string_opt().ok_or_else(wrong)?;
            Ok(texts.is_valid(row).then(|| texts.value(row).to_string()))
        };
        let number = |place| -> Result<Option<i64>> {
            let numbers = column(rows, place)?.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?;
            Ok(numbers.is_valid(row).then(|| numbers.value(row)))
        };
        let time = |place| -> Result<Option<i64>> {
            let times =
                column(rows, place)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
            Ok(times.is_valid(row).then(|| times.value(row)))
        };
        let scores = column(rows, 9)?.as_primitive_opt::<Float64Type>().ok_or_else(wrong)?;
        // A time beyond what can be told is never reached.
        let expires_at = time(8)?.and_then(DateTime::from_timestamp_micros);
        let playbook = Playbook {
            // Where NOT NULL was dropped, a playbook without a text or an answer says nothing.
            query_text: text(0)?.unwrap_or_default(),
            role: text(1)?,
            answer_id: text(2)?.unwrap_or_default(),
            answer_corpus: text(3)?.unwrap_or_default(),
            id: number(4)?.unwrap_or_default(),
            helpful: number(5)?,
            harmful: number(6)?,
            recorded_at: time(7)?,
            score: if scores.is_valid(row) { scores.value(row) } else { 0.0 },
            query_distance,
        };
        Ok((playbook, expires_at))
    }
}

fn column(rows: &RecordBatch, place: usize) -> Result<&Arc<dyn Array>> {
    rows.columns().get(place).ok_or_else(wrong)
}

fn wrong() -> Error {
    Error::internal("a playbook's columns are not what they were")
}
