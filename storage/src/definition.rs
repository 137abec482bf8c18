//! What a table is: its columns, keys and indexes.
//!
//! It is data about a table, not its rows. Invariant: a definition is immutable; a change makes a new one under the
//! same [`TableId`].

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::{IndexId, Layouts, TableId};

/// A table's definition.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition {
    /// The table's number.
    pub id: TableId,
    /// The table's name.
    pub name: String,
    /// The columns, with all metadata as it was given.
    pub schema: SchemaRef,
    /// Primary key and unique constraints.
    pub keys: Vec<KeyConstraint>,
    /// Indexes that are no keys.
    pub indexes: Vec<IndexDefinition>,
    /// What the layers above want to remember.
    pub properties: BTreeMap<String, String>,
    /// Whether it is in memory alone, and ends with the process.
    pub temporary: bool,
    /// The columns it has had.
    pub layouts: Layouts,
}

impl TableDefinition {
    /// The constraint of that name.
    pub fn key(&self, name: &str) -> Option<&KeyConstraint> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The index of that name.
    pub fn index(&self, name: &str) -> Option<&IndexDefinition> {
        self.indexes.iter().find(|index| index.name == name)
    }
}

/// A primary key or unique constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyConstraint {
    /// The constraint's name.
    pub name: String,
    /// Positions of its columns in the schema.
    pub columns: Vec<usize>,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Whether two nulls differ, as SQL has it unless told otherwise.
    pub nulls_distinct: bool,
}

/// An index over one column or several. Its files, if it has any, are opaque here: the layers above build and read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDefinition {
    /// The index's number.
    pub id: IndexId,
    /// The index's name.
    pub name: String,
    /// Position of its first column in the schema.
    pub column: usize,
    /// Positions of the columns after that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<usize>,
    /// The method, such as `hnsw`.
    pub method: String,
    /// What the layers above want to remember.
    pub properties: BTreeMap<String, String>,
}

impl IndexDefinition {
    /// Positions of its columns in the schema, in its order.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.column).chain(self.more.iter().copied())
    }

    /// Takes note that a column of the table, none of its own, is gone.
    pub fn column_dropped(&mut self, column: usize) {
        for position in std::iter::once(&mut self.column).chain(&mut self.more) {
            *position -= usize::from(*position > column);
        }
    }
}

/// How the rows of a vector column look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct VectorShape {
    /// Numbers in a row, at least 1.
    pub(crate) dimensions: usize,
    /// Bytes of a number.
    pub(crate) width: usize,
}

impl VectorShape {
    /// Bytes of a row.
    pub(crate) const fn row_bytes(self) -> usize {
        self.dimensions.saturating_mul(self.width)
    }
}

/// The shape of `field`'s rows when it is a vector column: `FixedSizeList(Float32 or Float16, n)`, n above 0.
pub(crate) fn vector_shape(field: &Field) -> Option<VectorShape> {
    let DataType::FixedSizeList(item, dimensions) = field.data_type() else { return None };
    let width = match item.data_type() {
        DataType::Float32 => size_of::<f32>(),
        DataType::Float16 => size_of::<u16>(),
        _ => return None,
    };
    let dimensions = usize::try_from(*dimensions).ok().filter(|dimensions| *dimensions > 0)?;
    Some(VectorShape { dimensions, width })
}
