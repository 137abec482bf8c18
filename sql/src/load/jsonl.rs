//! A file of JSON lines as batches of texts; the mapping brings them to the columns' types.
//!
//! A key that is absent is NULL. A key that no column has is refused, naming the line. Lines of the audit log are read as
//! [`audit`] says, and kept as they are.

use std::io::{BufRead, BufReader, Seek};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use muster_storage::TableDefinition;

use super::source::{BATCH_ROWS, Places, Rows, Source};
use super::{bad_file, open_file};
use crate::audit::{self, AuditLine};
use crate::sqlstate::SqlState;
use crate::types::json::{self, Json};
use crate::{Error, Result, column};

/// Lines that are looked at to tell the columns of a table that is not there yet.
const INFERENCE_LINES: usize = 10_000;

/// Opens the file: with the table's columns, or with those that its lines show.
///
/// # Errors
/// 22P04 for a file that cannot be read.
pub(super) fn open(path: &Path, table: Option<&TableDefinition>) -> Result<Source> {
    let mut file = open_file(path)?;
    let log = table.is_some_and(audit::is_log);
    let schema: SchemaRef = match table {
        Some(_) if log => {
            let texts = audit::COLUMNS.map(|name| Field::new(name, DataType::Utf8, true));
            Arc::new(Schema::new(texts.to_vec()))
        }
        Some(table) => {
            let given = table.schema.fields().iter().filter(|field| column::generated(field).is_none());
            Arc::new(Schema::new(given.cloned().collect::<Vec<_>>()))
        }
        None => {
            let (schema, _) =
                arrow::json::reader::infer_json_schema(BufReader::new(&mut file), Some(INFERENCE_LINES))
                    .map_err(|error| bad_file(path, error))?;
            file.rewind().map_err(|error| bad_file(path, error))?;
            Arc::new(schema)
        }
    };
    let rows = FileRows {
        lines: BufReader::new(file),
        line: 0,
        next: None,
        schema: schema.clone(),
        log,
        path: path.to_path_buf(),
        done: false,
    };
    Ok(Source { schema, total: None, batches: Box::new(rows), texts: true })
}

struct FileRows {
    lines: BufReader<std::fs::File>,
    /// The number of the line that was read last.
    line: u64,
    /// A line that was read already, and is not the last row's.
    next: Option<String>,
    schema: SchemaRef,
    /// Whether they are lines of the audit log.
    log: bool,
    path: std::path::PathBuf,
    done: bool,
}

impl Iterator for FileRows {
    type Item = Result<Rows>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let batch = self.read();
        self.done |= batch.is_err();
        match batch {
            Ok(rows) if rows.batch.num_rows() == 0 => None,
            other => Some(other),
        }
    }
}

impl FileRows {
    fn read(&mut self) -> Result<Rows> {
        let mut builders: Vec<StringBuilder> =
            self.schema.fields().iter().map(|_| StringBuilder::new()).collect();
        let mut numbers = Vec::new();
        while numbers.len() < BATCH_ROWS {
            let Some((number, text)) = self.object_line()? else {
                self.done = true;
                break;
            };
            let value = json::parse(text.trim()).map_err(|error| {
                let detail = error.detail().unwrap_or_default();
                bad_file(&self.path, format!("line {number}: {error} ({detail})"))
            })?;
            if self.log {
                let line = AuditLine::of(&value)
                    .map_err(|error| bad_file(&self.path, format!("line {number} {error}")))?;
                let values =
                    [line.recorded_at, line.git_commit, line.runtime, Some(line.metrics), Some(text)];
                for (builder, value) in builders.iter_mut().zip(values) {
                    builder.append_option(value);
                }
            } else {
                self.append(&value, number, &mut builders)?;
            }
            numbers.push(number);
        }
        let fields: Vec<Field> =
            self.schema.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true)).collect();
        let arrays: Vec<ArrayRef> =
            builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(numbers.len()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?;
        Ok(Rows { batch, places: Places::Lines(numbers) })
    }
}

impl FileRows {
    /// The next line that is not blank, its number, and what belongs to its text: blank lines before the first one of the
    /// log, and those after each. The newline at its end does not.
    fn object_line(&mut self) -> Result<Option<(u64, String)>> {
        let mut text = String::new();
        let number = loop {
            let Some(line) = self.line()? else { return Ok(None) };
            let blank = line.trim().is_empty();
            if self.log || !blank {
                text.push_str(&line);
            }
            if !blank {
                break self.line;
            }
        };
        if self.log {
            while let Some(line) = self.line()? {
                if !line.trim().is_empty() {
                    self.next = Some(line);
                    self.line -= 1;
                    break;
                }
                text.push_str(&line);
            }
            if text.ends_with('\n') {
                text.pop();
            }
        }
        Ok(Some((number, text)))
    }

    /// The next line with its newline.
    fn line(&mut self) -> Result<Option<String>> {
        self.line += 1;
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        let mut text = String::new();
        let length = self
            .lines
            .read_line(&mut text)
            .map_err(|error| bad_file(&self.path, format!("line {}: {error}", self.line)))?;
        Ok((length > 0).then_some(text))
    }

    /// Appends the values of an object's keys.
    fn append(&self, value: &Json, number: u64, builders: &mut [StringBuilder]) -> Result<()> {
        let Json::Object(entries) = value else {
            return Err(bad_file(&self.path, format!("line {number} is no JSON object")));
        };
        if let Some((unknown, _)) = entries.iter().find(|(key, _)| self.schema.index_of(key).is_err()) {
            return Err(Error::new(
                SqlState::UndefinedColumn,
                format!(
                    "{}, line {number}: the table has no column \"{unknown}\" that can be written",
                    self.path.display()
                ),
            ));
        }
        for (builder, field) in builders.iter_mut().zip(self.schema.fields()) {
            match value.get(field.name()) {
                None | Some(Json::Null) => builder.append_null(),
                Some(value) => builder.append_value(text_of(value, field)),
            }
        }
        Ok(())
    }
}

/// The text that a column of `field`'s type reads.
fn text_of(value: &Json, field: &Field) -> String {
    let mut out = String::new();
    match value {
        _ if column::is_json(field) => json::write_value(value, &mut out),
        Json::Text(text) => out.push_str(text),
        Json::Array(items) if matches!(field.data_type(), DataType::List(_)) && !column::is_vector(field) => {
            out.push('{');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                match item {
                    Json::Null => out.push_str("NULL"),
                    Json::Text(text) => quote(text, &mut out),
                    other => {
                        let mut text = String::new();
                        json::write_value(other, &mut text);
                        quote(&text, &mut out);
                    }
                }
            }
            out.push('}');
        }
        other => json::write_value(other, &mut out),
    }
    out
}

/// An element as PostgreSQL's array text quotes it.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}
