//! All that a journal holds, read when it is opened.
//!
//! It is decoded but not yet put together. Invariant: each value has passed its checksum under its own key.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableError};

use super::{
    DELETIONS, ENTRIES, FORMAT_KEY, FORMAT_VERSION, MARKS, META, OBJECTS, SEGMENTS, STATE_KEY, State, TABLES,
    frame, names, pair,
};
use crate::{Error, Result, SegmentId, TableId};

/// What a journal holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) state: State,
    pub(crate) tables: Vec<(TableId, Vec<u8>)>,
    pub(crate) segments: Vec<(TableId, Vec<u8>)>,
    pub(crate) deletions: Vec<((TableId, SegmentId), Vec<u8>)>,
    /// In order of version within each table.
    pub(crate) entries: Vec<(TableId, u64, Vec<u8>)>,
    pub(crate) objects: Vec<((String, String), Vec<u8>)>,
    pub(crate) marks: Vec<(String, u64)>,
}

impl Contents {
    /// Reads a journal, first of all its format version.
    pub(crate) fn read(database: &Database, path: &Path) -> Result<Self> {
        let failed = |error: redb::Error| Error::corrupt(path, 0, error.to_string());
        let damaged = |what: &str| Error::corrupt(path, 0, format!("{what} does not match its checksum"));
        let transaction = database.begin_read().map_err(|error| failed(error.into()))?;

        let meta = transaction.open_table(META).map_err(|error| failed(error.into()))?;
        let get = |key: &str| -> Result<Vec<u8>> {
            let value = meta.get(key).map_err(|error| failed(error.into()))?;
            let value = value.ok_or_else(|| Error::corrupt(path, 0, format!("there is no {key}")))?;
            let bytes = frame::open("meta", key.as_bytes(), value.value()).ok_or_else(|| damaged(key))?;
            Ok(bytes.to_vec())
        };
        let format = get(FORMAT_KEY)?.first_chunk::<4>().map(|version| u32::from_le_bytes(*version));
        match format {
            Some(1..=FORMAT_VERSION) => {}
            Some(found) if found > FORMAT_VERSION => {
                return Err(Error::NewerFormat { path: path.into(), found, supported: FORMAT_VERSION });
            }
            _ => return Err(Error::corrupt(path, 0, "the format version is none that was ever written")),
        }
        let state = State::decode(&get(STATE_KEY)?).ok_or_else(|| damaged("the state"))?;
        let mut contents = Contents { state, ..Self::default() };

        match transaction.open_table(TABLES) {
            Ok(table) => {
                for row in table.iter().map_err(|error| failed(error.into()))? {
                    let (key, value) = row.map_err(|error| failed(error.into()))?;
                    let id = key.value();
                    let bytes = frame::open("tables", &id.to_le_bytes(), value.value());
                    contents
                        .tables
                        .push((TableId(id), bytes.ok_or_else(|| damaged("a definition"))?.to_vec()));
                }
            }
            Err(TableError::TableDoesNotExist(_)) => {}
            Err(error) => return Err(failed(error.into())),
        }
        for (definition, name) in [(SEGMENTS, "segments"), (DELETIONS, "deletions"), (ENTRIES, "entries")] {
            let table = match transaction.open_table(definition) {
                Ok(table) => table,
                Err(TableError::TableDoesNotExist(_)) => continue,
                Err(error) => return Err(failed(error.into())),
            };
            for row in table.iter().map_err(|error| failed(error.into()))? {
                let (key, value) = row.map_err(|error| failed(error.into()))?;
                let (table, id) = key.value();
                let bytes =
                    frame::open(name, &pair(table, id), value.value()).ok_or_else(|| damaged(name))?.to_vec();
                match name {
                    "segments" => contents.segments.push((TableId(table), bytes)),
                    "deletions" => contents.deletions.push(((TableId(table), SegmentId(id)), bytes)),
                    _ => contents.entries.push((TableId(table), id, bytes)),
                }
            }
        }
        match transaction.open_table(OBJECTS) {
            Ok(table) => {
                for row in table.iter().map_err(|error| failed(error.into()))? {
                    let (key, value) = row.map_err(|error| failed(error.into()))?;
                    let (kind, name) = key.value();
                    let bytes = frame::open("objects", &names(kind, name), value.value());
                    let bytes = bytes.ok_or_else(|| damaged("an object"))?.to_vec();
                    contents.objects.push(((kind.to_owned(), name.to_owned()), bytes));
                }
            }
            Err(TableError::TableDoesNotExist(_)) => {}
            Err(error) => return Err(failed(error.into())),
        }
        match transaction.open_table(MARKS) {
            Ok(table) => {
                for row in table.iter().map_err(|error| failed(error.into()))? {
                    let (key, value) = row.map_err(|error| failed(error.into()))?;
                    let name = key.value();
                    let word = frame::open("marks", name.as_bytes(), value.value());
                    let word = word.and_then(|word| word.first_chunk::<8>());
                    let word = word.ok_or_else(|| damaged("a mark"))?;
                    contents.marks.push((name.to_owned(), u64::from_le_bytes(*word)));
                }
            }
            Err(TableError::TableDoesNotExist(_)) => {}
            Err(error) => return Err(failed(error.into())),
        }
        Ok(contents)
    }
}
