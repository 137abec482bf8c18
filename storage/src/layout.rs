//! The columns that a table has had: what rows were written under, and how they are read today.
//!
//! A segment is never rewritten because a column was added or dropped: it names the layout of its time, and readers map
//! today's columns to it. Invariant: a column's number is given out once in the life of a table.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array, make_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use serde::{Deserialize, Serialize};

use crate::Error;

/// All layouts of a table; the last one is today's.
#[derive(Clone, Debug, PartialEq)]
pub struct Layouts {
    layouts: Vec<Layout>,
    next_column: u32,
    /// What rows that were written before a column was added have in it, one value each.
    values: BTreeMap<u32, ArrayRef>,
}

/// The columns of one time: their numbers, names and types.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    columns: Vec<u32>,
    schema: SchemaRef,
}

/// Where a column of today is found in rows of a layout.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// In the column at this position.
    Stored(usize),
    /// Nowhere: all rows have this one value.
    Value(ArrayRef),
}

impl Layouts {
    /// The one layout of a table that was never altered.
    pub(crate) fn of(schema: &SchemaRef) -> Self {
        let columns: Vec<u32> = (0..schema.fields().len() as u32).collect();
        let next_column = columns.len() as u32;
        Self {
            layouts: vec![Layout { columns, schema: plain(schema) }],
            next_column,
            values: BTreeMap::new(),
        }
    }

    /// The number of today's layout.
    pub(crate) fn current(&self) -> u32 {
        self.layouts.len().saturating_sub(1) as u32
    }

    /// The columns of a layout, of any nullability and without metadata.
    pub(crate) fn schema(&self, layout: u32) -> Option<&SchemaRef> {
        self.layouts.get(layout as usize).map(|layout| &layout.schema)
    }

    /// Where today's columns are in rows of a layout; `None` when they are in their places.
    pub(crate) fn sources(&self, layout: u32) -> Option<Vec<Source>> {
        if layout == self.current() {
            return None;
        }
        let (then, now) = (self.layouts.get(layout as usize)?, self.layouts.last()?);
        let source =
            |(column, field): (&u32, &Arc<Field>)| match then.columns.iter().position(|c| c == column) {
                Some(position) => Source::Stored(position),
                None => {
                    Source::Value(self.values.get(column).cloned().unwrap_or_else(|| null(field.data_type())))
                }
            };
        Some(now.columns.iter().zip(now.schema.fields()).map(source).collect())
    }

    pub(crate) fn add(&mut self, field: &Field, value: &ArrayRef) {
        let Some(now) = self.layouts.last() else { return };
        let columns = now.columns.iter().copied().chain([self.next_column]).collect();
        let fields = now.schema.fields().iter().cloned().chain([Arc::new(bare(field))]);
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        self.values.insert(self.next_column, value.clone());
        self.layouts.push(Layout { columns, schema });
        self.next_column += 1;
    }

    pub(crate) fn remove(&mut self, column: usize) {
        let Some(now) = self.layouts.last() else { return };
        let kept = |position: &usize| *position != column;
        let columns = now.columns.iter().copied().enumerate().filter(|(position, _)| kept(position));
        let fields = now.schema.fields().iter().cloned().enumerate().filter(|(position, _)| kept(position));
        let columns = columns.map(|(_, column)| column).collect();
        let schema = Arc::new(Schema::new(fields.map(|(_, field)| field).collect::<Vec<_>>()));
        self.layouts.push(Layout { columns, schema });
    }
}

/// One NULL of a type.
fn null(data_type: &DataType) -> ArrayRef {
    arrow::array::new_null_array(data_type, 1)
}

/// One value, in as many rows.
pub(crate) fn repeated(value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    if value.null_count() == value.len() {
        return Ok(arrow::array::new_null_array(value.data_type(), rows));
    }
    arrow::compute::take(value.as_ref(), &UInt64Array::from(vec![0; rows]), None)
}

fn bare(field: &Field) -> Field {
    Field::new(field.name(), field.data_type().clone(), true)
}

fn plain(schema: &SchemaRef) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(|field| bare(field)).collect::<Vec<_>>()))
}

/// Layouts as the manifest has them. A table that was never altered has none there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct StoredLayouts {
    /// Column numbers, layout by layout.
    columns: Vec<Vec<u32>>,
    next_column: u32,
    /// An Arrow IPC stream, in hexadecimal: one row of all columns that there ever were, in the order of their numbers,
    /// with the value that rows have which were written before.
    values: String,
}

impl Layouts {
    /// As the manifest has them; `None` for a table that was never altered.
    pub(crate) fn store(&self) -> Result<Option<StoredLayouts>, String> {
        if self.layouts.len() <= 1 {
            return Ok(None);
        }
        let mut fields = Vec::new();
        let mut values = Vec::new();
        for column in 0..self.next_column {
            let places = self.layouts.iter().find_map(|layout| {
                let position = layout.columns.iter().position(|other| *other == column)?;
                layout.schema.fields().get(position)
            });
            let field = places.ok_or("a column is in no layout")?;
            values.push(self.values.get(&column).cloned().unwrap_or_else(|| null(field.data_type())));
            fields.push(field.clone());
        }
        let schema = Arc::new(Schema::new(fields));
        let row = RecordBatch::try_new(schema.clone(), values).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, &schema).map_err(|error| error.to_string())?;
        writer.write(&row).and_then(|()| writer.finish()).map_err(|error| error.to_string())?;
        drop(writer);
        Ok(Some(StoredLayouts {
            columns: self.layouts.iter().map(|layout| layout.columns.clone()).collect(),
            next_column: self.next_column,
            values: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        }))
    }

    /// From what the manifest has.
    pub(crate) fn load(schema: &SchemaRef, stored: Option<StoredLayouts>) -> Result<Self, String> {
        let Some(stored) = stored else { return Ok(Self::of(schema)) };
        let bytes = unhex(&stored.values).ok_or("the values of added columns are no bytes")?;
        let mut reader =
            StreamReader::try_new(Cursor::new(bytes), None).map_err(|error| error.to_string())?;
        let row = reader.next().ok_or("there are no values of added columns")?;
        let row = row.map_err(|error| error.to_string())?;
        if row.num_rows() != 1 || row.num_columns() != stored.next_column as usize {
            return Err("the values of added columns are not one row".into());
        }
        let mut layouts = Vec::with_capacity(stored.columns.len());
        for columns in stored.columns {
            let positions: Vec<usize> = columns.iter().map(|column| *column as usize).collect();
            let schema = row.schema().project(&positions).map_err(|error| error.to_string())?;
            layouts.push(Layout { columns, schema: Arc::new(schema) });
        }
        let types = |schema: &Schema| -> Vec<DataType> {
            schema.fields().iter().map(|field| field.data_type().clone()).collect()
        };
        if layouts.last().is_none_or(|layout| types(&layout.schema) != types(schema)) {
            return Err("the last layout is not the table's".into());
        }
        let values = row.columns().iter().zip(0..).map(|(value, column)| (column, value.clone())).collect();
        Ok(Self { layouts, next_column: stored.next_column, values })
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair.first()?)? * 16 + digit(pair.get(1)?)?)).collect()
}

/// So many rows of columns, from where they are stored and from single values.
pub(crate) fn assembled(
    sources: &[Source],
    rows: usize,
    stored: impl Fn(usize) -> Option<ArrayRef>,
) -> crate::Result<Vec<ArrayRef>> {
    let column = |source: &Source| match source {
        Source::Stored(position) => stored(*position)
            .ok_or_else(|| Error::schema("", format!("there is no stored column {position}"))),
        Source::Value(value) => repeated(value, rows).map_err(|error| Error::arrow(Path::new("rows"), error)),
    };
    sources.iter().map(column).collect()
}

/// A column that was made NOT NULL may have nulls in rows that are deleted: any value stands there as well.
pub(crate) fn without_nulls(field: &Field, column: ArrayRef) -> Result<ArrayRef, ArrowError> {
    if field.is_nullable() || column.null_count() == 0 {
        return Ok(column);
    }
    Ok(make_array(column.to_data().into_builder().nulls(None).build()?))
}
