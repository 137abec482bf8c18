//! Reads all that a store shows.

use std::collections::{BTreeMap, BTreeSet};

use muster_storage::{Error, Result, Store};

use super::cells;
use super::model::{Content, Files, TableContent, column_name};

/// Marks of the script: a snapshot gives them by name.
const MARKS: [&str; 2] = ["seq", "other"];

/// All that a store shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Observed {
    pub(crate) content: Content,
    pub(crate) files: Files,
    /// Index files that are there and damaged, or gone.
    pub(crate) damaged_files: usize,
    pub(crate) segments: BTreeSet<u64>,
    /// By table number and row id.
    pub(crate) row_ids: BTreeMap<(u64, u64), Vec<String>>,
}

/// Reads everything.
pub(crate) fn observe(store: &Store) -> Result<Observed> {
    let snapshot = store.snapshot();
    let mut observed = Observed::default();
    for table in snapshot.tables() {
        let definition = table.definition();
        let fields = definition.schema.fields();
        let mut content = TableContent {
            columns: fields.iter().map(|field| column_name(field)).collect(),
            keys: definition.keys.iter().map(|key| key.name.clone()).collect(),
            indexes: definition.indexes.iter().map(|index| index.name.clone()).collect(),
            properties: definition.properties.clone(),
            rows: Vec::new(),
        };
        for part in table.parts() {
            for (id, cells) in cells::live(part, fields.len())? {
                let twice = observed.row_ids.insert((definition.id.0, id), cells.clone());
                assert_eq!(twice, None, "row id {id} of table {} twice", definition.name);
                content.rows.push(cells);
            }
            let Some(segment) = part.segment_id() else { continue };
            observed.segments.insert(segment.0);
            for index in &definition.indexes {
                match part.index_file(index.id) {
                    Ok(Some(bytes)) => {
                        observed.files.insert((index.name.clone(), segment.0), bytes.to_vec());
                    }
                    Ok(None) => {}
                    // The table is the truth; an index file that is damaged is built again.
                    Err(Error::Corrupt { .. } | Error::NewerFormat { .. }) => observed.damaged_files += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        assert_eq!(content.rows.len() as u64, table.live_rows());
        content.rows.sort_unstable();
        observed.content.tables.insert(definition.name.clone(), content);
    }
    let objects = snapshot.objects("view");
    observed.content.objects =
        objects.map(|(name, value)| (("view".to_string(), name.to_string()), value.to_vec())).collect();
    let marks = MARKS.iter().map(|name| (name.to_string(), snapshot.mark(name)));
    observed.content.marks = marks.filter(|(_, mark)| *mark > 0).collect();
    Ok(observed)
}
