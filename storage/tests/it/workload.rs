//! A script that uses every way to write, for tests that break the disk under it.

use std::path::Path;
use std::sync::Arc;

use arrow::array::Int64Array;
use bytes::Bytes;
use muster_storage::{Backend, Changes, Effort, Error, Options, Result, Store};

use crate::rows::{Content, content, primary_key, read, row_ids, rows, schema};

/// One thing that a program asks of a store.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Create,
    Put(std::ops::Range<i64>),
    Update(Vec<i64>),
    Delete(Vec<i64>),
    Load(std::ops::Range<i64>),
    Checkpoint,
    /// Writes all segments anew.
    Compact,
    CreateIndex,
    PutIndexFile(&'static [u8]),
    DropIndex,
    Drop,
}

/// What a database is to hold: nothing, or the rows of table `t` and the bytes of its index, when it has one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) rows: Option<Content>,
    pub(crate) index: Option<Option<&'static [u8]>>,
}

/// The script.
pub(crate) fn steps() -> Vec<Step> {
    vec![
        Step::Create,
        Step::Put(0..6),
        Step::Put(6..9),
        Step::Update(vec![3, 8]),
        Step::Delete(vec![1]),
        Step::Checkpoint,
        Step::CreateIndex,
        Step::PutIndexFile(b"first"),
        Step::Delete(vec![0, 4]),
        Step::Load(100..125),
        Step::Put(9..13),
        Step::Delete(vec![2, 10, 101]),
        Step::PutIndexFile(b"second"),
        Step::Update(vec![102, 11]),
        Step::Checkpoint,
        // Compaction takes index files along, several segments one after the other: here there are none to lose.
        Step::DropIndex,
        Step::CreateIndex,
        Step::Compact,
        Step::Delete(vec![103, 12]),
        Step::Put(20..24),
        Step::Update(vec![104, 20]),
        Step::Checkpoint,
        Step::Compact,
        Step::PutIndexFile(b"first"),
        Step::DropIndex,
        Step::Drop,
        Step::Create,
        Step::Put(0..3),
    ]
}

/// Opens the store that the script works on; segments are small, so that a load makes several.
pub(crate) fn open(backend: Arc<dyn Backend>) -> Result<Store> {
    Store::open_with(Path::new("/db"), Options { backend, segment_rows: 10, ..Options::default() })
}

/// What the database holds after a step that worked.
pub(crate) fn after(before: &Expected, step: &Step) -> Expected {
    let mut expected = before.clone();
    if let Step::Create = step {
        return Expected { rows: Some(Content::new()), index: None };
    }
    if let Step::Drop = step {
        return Expected::default();
    }
    let rows = expected.rows.as_mut().expect("the script makes the table first");
    match step {
        Step::Put(ids) | Step::Load(ids) => rows.extend(content(ids.clone(), 0)),
        Step::Update(ids) => rows.extend(content(ids.iter().copied(), 1)),
        Step::Delete(ids) => rows.retain(|id, _| !ids.contains(id)),
        Step::CreateIndex => expected.index = Some(None),
        Step::PutIndexFile(bytes) => expected.index = Some(Some(*bytes)),
        Step::DropIndex => expected.index = None,
        Step::Checkpoint | Step::Compact | Step::Create | Step::Drop => {}
    }
    expected
}

/// Does one step.
pub(crate) fn run(store: &Store, step: &Step) -> Result<()> {
    let snapshot = store.snapshot();
    let changes = match step {
        Step::Create => Changes::new().create_table("t", schema(), primary_key(), Default::default()),
        Step::Put(ids) => Changes::new().put("t", rows(ids.clone(), 0)),
        Step::Update(ids) => {
            let old = row_ids(&snapshot, ids.iter().copied());
            Changes::new().delete("t", old).put("t", rows(ids.iter().copied(), 1))
        }
        Step::Delete(ids) => Changes::new().delete("t", row_ids(&snapshot, ids.iter().copied())),
        Step::Load(ids) => {
            let mut load = store.bulk_load("t")?;
            load.push(rows(ids.clone(), 0))?;
            return load.finish().map(drop);
        }
        Step::Checkpoint => return store.checkpoint(),
        Step::Compact => return store.compact("t", Effort::Full, &|| true),
        Step::CreateIndex => Changes::new().create_index("t", "i", 2, "hnsw", Default::default()),
        Step::PutIndexFile(bytes) => {
            let table = snapshot.table("t").unwrap();
            let index = table.definition().indexes[0].id;
            let segment = table.parts().next().unwrap().segment_id().expect("the script seals first");
            return store.put_index_file("t", segment, index, bytes);
        }
        Step::DropIndex => Changes::new().drop_index("t", "i"),
        Step::Drop => Changes::new().drop_table("t"),
    };
    store.commit(changes).map(drop)
}

/// What the database holds.
pub(crate) fn observe(store: &Store) -> Result<Expected> {
    let snapshot = store.snapshot();
    let Some(table) = snapshot.table("t") else { return Ok(Expected::default()) };
    let rows = Some(read(&snapshot)?);
    let Some(index) = table.definition().indexes.first() else { return Ok(Expected { rows, index: None }) };
    let part = table.parts().next().unwrap();
    let bytes = match part.index_file(index.id) {
        Ok(bytes) => bytes.map(known),
        // The table is the truth; an index file that is damaged is built again.
        Err(Error::Corrupt { .. } | Error::NewerFormat { .. }) => Some(b"damaged".as_slice()),
        Err(error) => return Err(error),
    };
    Ok(Expected { rows, index: Some(bytes) })
}

fn known(bytes: Bytes) -> &'static [u8] {
    let known: [&'static [u8]; 2] = [b"first", b"second"];
    known.into_iter().find(|known| *known == bytes).expect("index bytes that nobody wrote")
}

/// Checks that a database can still be written, whatever it holds.
pub(crate) fn is_usable(store: &Store) {
    if store.snapshot().table("t").is_none() {
        run(store, &Step::Create).unwrap();
    }
    let before = observe(store).unwrap().rows.unwrap();
    store.commit(Changes::new().put("t", rows(900..903, 0))).unwrap();
    store.checkpoint().unwrap();
    let mut expected = before;
    expected.extend(content(900..903, 0));
    assert_eq!(observe(store).unwrap().rows.unwrap(), expected);
    let key = rows([901], 0).project(&[0]).unwrap();
    assert_eq!(key.column(0).as_any().downcast_ref::<Int64Array>().unwrap().value(0), 901);
    assert!(store.snapshot().table("t").unwrap().find("t_pkey", &key).unwrap().is_some());
}
