//! A script that does everything a store does, for tests that break the disk under it.
//!
//! `model` says what a database is to hold after each step, `run` does the step, `observe` reads what is there, `verify`
//! is what must be true of a database after whatever happened. Invariant: each step is one commit or none, so a database
//! is always as before a step or as after it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array};
use arrow::datatypes::{DataType, Field};
use muster_storage::{Backend, Effort, KeyConstraint, Options, Result, Store};

mod cells;
mod model;
mod observe;
mod run;
mod verify;

pub(crate) use cells::{rows, texts};
pub(crate) use model::{Content, Files, Model};
pub(crate) use observe::observe;
pub(crate) use run::{Run, run};
pub(crate) use verify::{Ledger, Moment, verify};

/// Folders of the script.
pub(crate) const DATABASE: &str = "/data/db";
pub(crate) const BACKUP: &str = "/safe/backup";
pub(crate) const RESTORED: &str = "/data/again/restored";

/// One thing that a program asks of a store.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Commit(Vec<Action>),
    /// What comes first, then what is rolled back to a savepoint, then what comes after that.
    Transaction {
        first: Vec<Action>,
        undone: Vec<Action>,
        second: Vec<Action>,
    },
    Load(&'static str, Range<i64>),
    Checkpoint,
    Compact(&'static str, Effort),
    Maintain,
    /// Beside the last segment of the table.
    PutIndexFile {
        table: &'static str,
        index: &'static str,
        bytes: &'static [u8],
    },
    Backup(&'static str),
    Restore {
        from: &'static str,
        to: String,
    },
    /// Closes the store and opens it again.
    Reopen,
}

/// One change of a commit.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Create(&'static str),
    Drop(&'static str),
    Rename(&'static str, &'static str),
    Put(&'static str, Range<i64>),
    /// Rows that are there go, and all come anew in this generation.
    Upsert(&'static str, Vec<i64>, u32),
    Delete(&'static str, Vec<i64>),
    AddColumn(&'static str, Field, ArrayRef),
    DropColumn(&'static str, usize),
    RenameColumn(&'static str, usize, &'static str),
    AddKey(&'static str, KeyConstraint),
    DropKey(&'static str, &'static str),
    CreateIndex(&'static str, &'static str, usize),
    DropIndex(&'static str, &'static str),
    Property(&'static str, &'static str, &'static str),
    Object(&'static str, &'static str, Option<&'static [u8]>),
    Mark(&'static str, u64),
}

/// Opens the script's store; segments are small, so that a load makes several.
pub(crate) fn open(backend: Arc<dyn Backend>, dir: &str) -> Result<Store> {
    let options =
        Options { backend, segment_rows: 10, compaction_bytes_per_second: None, ..Options::default() };
    Store::open_with(Path::new(dir), options)
}

fn level(default: Option<i32>) -> (Field, ArrayRef) {
    (Field::new("level", DataType::Int32, default.is_none()), Arc::new(Int32Array::from(vec![default])))
}

/// The script.
pub(crate) fn steps() -> Vec<Step> {
    use Action::{
        AddColumn, AddKey, Create, CreateIndex, Delete, Drop, DropColumn, DropIndex, DropKey, Mark, Object,
        Property, Put, Rename, RenameColumn, Upsert,
    };
    use Step::{Backup, Checkpoint, Commit, Compact, Load, Maintain, PutIndexFile, Reopen, Transaction};
    let (strict, seven) = level(Some(7));
    let (nullable, nothing) = level(None);
    let nullable = nullable.with_name("note_level");
    let twice = KeyConstraint {
        name: "people_twice".into(),
        columns: vec![4, 0],
        primary: false,
        nulls_distinct: true,
    };
    let index_file = |bytes| PutIndexFile { table: "people", index: "people_embedding", bytes };
    vec![
        Commit(vec![Create("people"), Create("notes"), Mark("seq", 10), Object("view", "v", Some(b"one"))]),
        Commit(vec![Put("people", 0..12)]),
        Commit(vec![Create("points"), Put("points", 0..6), Put("notes", 0..3)]),
        Commit(vec![Upsert("people", vec![3, 8, 12], 1)]),
        Commit(vec![Delete("people", vec![1, 4])]),
        Checkpoint,
        Commit(vec![CreateIndex("people", "people_embedding", 4)]),
        index_file(b"first"),
        Load("people", 100..135),
        Backup(BACKUP),
        Transaction {
            first: vec![
                Put("people", 40..43),
                Put("notes", 3..6),
                Mark("seq", 20),
                Upsert("people", vec![100], 1),
            ],
            undone: vec![
                Delete("people", vec![101, 102, 40]),
                Drop("points"),
                Object("view", "v", None),
                Create("fleeting"),
                Put("fleeting", 0..3),
            ],
            second: vec![
                Delete("people", vec![102, 41]),
                Upsert("notes", vec![1, 4], 1),
                Object("view", "v", Some(b"two")),
                CreateIndex("points", "points_place", 0),
            ],
        },
        Commit(vec![Delete("people", (104..110).collect())]),
        Compact("people", Effort::AsDue),
        Commit(vec![AddColumn("people", strict, seven), Property("people", "note", "levelled")]),
        Commit(vec![Put("people", 50..53)]),
        Commit(vec![DropColumn("people", 1)]),
        Commit(vec![RenameColumn("people", 4, "twice"), AddKey("people", twice)]),
        Commit(vec![Upsert("people", vec![50, 110], 2), Upsert("notes", vec![0], 2)]),
        Checkpoint,
        index_file(b"second"),
        Load("points", 10..25),
        Backup(BACKUP),
        Step::Restore { from: BACKUP, to: RESTORED.into() },
        Reopen,
        Commit(vec![Rename("notes", "remarks"), Mark("seq", 5), Mark("other", 7)]),
        Commit(vec![Delete("people", (111..121).collect()), AddColumn("remarks", nullable, nothing)]),
        Compact("people", Effort::Hurried),
        Commit(vec![DropIndex("points", "points_place"), DropKey("people", "people_email_key")]),
        Compact("points", Effort::Full),
        Compact("people", Effort::Full),
        index_file(b"third"),
        index_file(b"fourth, and longer than those before it"),
        Commit(vec![Upsert("remarks", vec![2, 7], 3)]),
        Checkpoint,
        Commit(vec![
            Delete("remarks", vec![2]),
            Object("view", "w", Some(b"three")),
            Object("view", "v", None),
        ]),
        Commit(vec![Drop("points"), Create("notes"), Put("notes", 0..4)]),
        Load("notes", 20..26),
        Commit(vec![Delete("people", vec![0, 125]), Upsert("people", vec![2, 130], 4)]),
        Backup(BACKUP),
        Reopen,
        Maintain,
        Commit(vec![Create("points"), Put("points", 0..3), Delete("notes", vec![1, 21])]),
        Commit(vec![Put("people", 60..64), Mark("seq", 30)]),
        Commit(vec![Upsert("people", vec![61], 1), Delete("people", vec![60, 126])]),
    ]
}
