//! From drawn workers to Arrow: the schema of the generated columns and the stream of batches.
//!
//! It writes no file. Invariant: batches match [`workers_schema`] and together hold exactly the
//! rows asked for, in order of id, with at most [`BATCH_ROWS`] of them in memory.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Builder, Int32Builder, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::draw::Draw;
use super::worker::Worker;

/// Rows a batch: a few megabytes of Arrow, and enough for a writer's row groups to be worthwhile.
pub const BATCH_ROWS: u64 = 8_192;

/// The columns of `workers` that a file carries: all but `updated_at` and `embedding`, which the
/// database fills in itself.
pub fn workers_schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let texts =
        |name: &str, nullable| Field::new_list(name, Field::new_list_field(DataType::Utf8, true), nullable);
    Arc::new(Schema::new(vec![
        text("worker_id", false),
        text("name", false),
        text("role", false),
        text("city", true),
        text("state", true),
        text("status", false),
        texts("skills", true),
        texts("certifications", true),
        Field::new("years_experience", DataType::Int32, true),
        Field::new("hourly_rate", DataType::Decimal128(10, 2), true),
        text("email", true),
        text("phone", true),
        texts("blacklisted_clients", true),
        text("profile", true),
    ]))
}

/// A workforce of `rows` workers, the same for the same `seed` on every machine, in batches.
///
/// The first rows are the same whatever `rows` is, up to the width of the ids.
pub fn workers(rows: u64, seed: u64) -> impl Iterator<Item = RecordBatch> + Send {
    Batches { draw: Draw::new(seed), done: 0, rows, digits: id_digits(rows), schema: workers_schema() }
}

/// Six digits as in `w-000001`, and more when the last id needs them, so that ids sort as text.
fn id_digits(rows: u64) -> usize {
    rows.max(1).to_string().len().max(6)
}

struct Batches {
    draw: Draw,
    done: u64,
    rows: u64,
    digits: usize,
    schema: SchemaRef,
}

impl Iterator for Batches {
    type Item = RecordBatch;

    fn next(&mut self) -> Option<RecordBatch> {
        let count = (self.rows - self.done).min(BATCH_ROWS);
        if count == 0 {
            return None;
        }
        let mut columns = Columns::default();
        for _ in 0..count {
            self.done += 1;
            let worker = Worker::draw(&mut self.draw, self.done)?;
            columns.push(&format!("w-{:0width$}", self.done, width = self.digits), &worker);
        }
        columns.finish(&self.schema)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from((self.rows - self.done).div_ceil(BATCH_ROWS)).ok();
        (left.unwrap_or(usize::MAX), left)
    }
}

#[derive(Default)]
struct Columns {
    worker_id: StringBuilder,
    name: StringBuilder,
    role: StringBuilder,
    city: StringBuilder,
    state: StringBuilder,
    status: StringBuilder,
    skills: Texts,
    certifications: Texts,
    years: Int32Builder,
    rate: Decimal128Builder,
    email: StringBuilder,
    phone: StringBuilder,
    blacklisted_clients: Texts,
    profile: StringBuilder,
}

impl Columns {
    fn push(&mut self, id: &str, worker: &Worker) {
        self.worker_id.append_value(id);
        self.name.append_value(&worker.name);
        self.role.append_value(worker.role.name);
        self.city.append_value(worker.city.name);
        self.state.append_value(worker.city.state);
        self.status.append_value(worker.status);
        self.skills.push(Some(&worker.skills));
        self.certifications.push(Some(&worker.certifications));
        self.years.append_option(i32::try_from(worker.years).ok());
        self.rate.append_value(i128::from(worker.rate));
        self.email.append_value(&worker.email);
        self.phone.append_value(&worker.phone);
        self.blacklisted_clients.push(worker.blacklisted_clients.as_deref());
        self.profile.append_value(&worker.profile);
    }

    /// The batch; `None` cannot happen while the builders stand in the schema's order, and ends the
    /// stream early if it ever did, which the row-count tests would show.
    fn finish(mut self, schema: &SchemaRef) -> Option<RecordBatch> {
        let rate = self.rate.finish().with_precision_and_scale(10, 2).ok()?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.worker_id.finish()),
            Arc::new(self.name.finish()),
            Arc::new(self.role.finish()),
            Arc::new(self.city.finish()),
            Arc::new(self.state.finish()),
            Arc::new(self.status.finish()),
            self.skills.finish(),
            self.certifications.finish(),
            Arc::new(self.years.finish()),
            Arc::new(rate),
            Arc::new(self.email.finish()),
            Arc::new(self.phone.finish()),
            self.blacklisted_clients.finish(),
            Arc::new(self.profile.finish()),
        ];
        RecordBatch::try_new(Arc::clone(schema), columns).ok()
    }
}

/// A `text[]` column in the making.
#[derive(Default)]
struct Texts(ListBuilder<StringBuilder>);

impl Texts {
    fn push(&mut self, words: Option<&[&'static str]>) {
        for word in words.unwrap_or_default() {
            self.0.values().append_value(word);
        }
        self.0.append(words.is_some());
    }

    fn finish(mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}
