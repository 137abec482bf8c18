//! How long commits and readers are held up while a store seals and compacts 100,000 rows of 768 dimensions.
//!
//! One thread commits single rows all the while, one reads a row by its key; the main thread fills the store through the
//! journal, seals it, deletes, compacts. For each phase it prints how long that took, and the longest commit and read
//! in it. Arguments: rows (100000), dimensions (768), a folder (a temporary one unless given).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use muster_storage::{Changes, CheckpointPolicy, Effort, KeyConstraint, Options, Snapshot, Store};

/// Ids of the thread that commits begin here, away from those of the load.
const OWN: i64 = 1 << 40;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let rows: i64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let dimensions: i32 = arguments.next().map_or(Ok(768), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let dir = arguments.next().map_or(temporary.path().to_path_buf(), Into::into);
    let never = CheckpointPolicy { rows: u64::MAX, bytes: u64::MAX, entries: u64::MAX, age: Duration::MAX };
    let options = Options { checkpoint: never, ..Options::default() };
    let store = Store::open_with(&dir, options)?;
    let schema = schema(dimensions);
    let key = KeyConstraint { name: "t_pkey".into(), columns: vec![0], primary: true, nulls_distinct: true };
    store.commit(Changes::new().create_table("t", schema.clone(), vec![key], Default::default()))?;

    let longest = Longest::default();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        let commits = scope.spawn(|| commits(&store, &schema, dimensions, &longest, &done));
        let reads = scope.spawn(|| reads(&store, &longest, &done));
        let phases = phases(&store, &schema, rows, dimensions, &longest);
        done.store(true, Ordering::Release);
        for thread in [commits, reads] {
            thread.join().ok().context("a thread panicked")??;
        }
        phases
    })?;
    println!("{:#?}", store.activity());
    let journal = std::fs::metadata(dir.join("journal.redb"))?.len();
    println!("journal.redb: {:.1} MiB", journal as f64 / f64::from(1 << 20));
    Ok(())
}

fn phases(store: &Store, schema: &SchemaRef, rows: i64, dimensions: i32, longest: &Longest) -> Result<()> {
    println!("{:<44} {:>9} {:>8} {:>12} {:>12}", "", "seconds", "commits", "commit, ms", "read, ms");
    longest.phase("nothing else", || {
        std::thread::sleep(Duration::from_secs(5));
        Ok(())
    })?;
    longest.phase("filling the journal, 500 rows a commit", || {
        for start in (0..rows).step_by(500) {
            let ids = start..(start + 500).min(rows);
            store.commit(Changes::new().put("t", batch(schema, ids, dimensions)?))?;
        }
        Ok(())
    })?;
    longest.phase("checkpoint of all", || Ok(store.checkpoint()?))?;
    longest.phase("deleting a third, 1000 rows a commit", || {
        let snapshot = store.snapshot();
        let table = snapshot.table("t").context("the table")?;
        let part = table.parts().next().context("a segment")?;
        let deleted: Vec<u32> = (0..part.rows() as u32).filter(|row| row % 3 == 0).collect();
        for deleted in deleted.chunks(1000) {
            let ids = part.row_ids(&deleted.iter().copied().collect());
            store.commit(Changes::new().delete("t", ids))?;
        }
        Ok(())
    })?;
    longest.phase("checkpoint of the deletions", || Ok(store.checkpoint()?))?;
    longest.phase("compaction of what is due, at its pace", || {
        Ok(store.compact("t", Effort::AsDue, &|| true)?)
    })?;
    longest.phase("checkpoint", || Ok(store.checkpoint()?))?;
    longest.phase("compaction of everything, as fast as it goes", || {
        Ok(store.compact("t", Effort::Full, &|| true)?)
    })
}

/// The longest commit and read of a phase.
#[derive(Default)]
struct Longest {
    commit: AtomicU64,
    read: AtomicU64,
    commits: AtomicI64,
}

impl Longest {
    fn phase(&self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        for count in [&self.commit, &self.read] {
            count.store(0, Ordering::Relaxed);
        }
        self.commits.store(0, Ordering::Relaxed);
        let began = Instant::now();
        work()?;
        let milliseconds = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / 1e6;
        println!(
            "{name:<44} {:>9.2} {:>8} {:>12.1} {:>12.1}",
            began.elapsed().as_secs_f64(),
            self.commits.load(Ordering::Relaxed),
            milliseconds(&self.commit),
            milliseconds(&self.read),
        );
        Ok(())
    }
}

fn commits(
    store: &Store,
    schema: &SchemaRef,
    dimensions: i32,
    longest: &Longest,
    done: &AtomicBool,
) -> Result<()> {
    for id in OWN.. {
        if done.load(Ordering::Acquire) {
            break;
        }
        let changes = Changes::new().put("t", batch(schema, id..id + 1, dimensions)?);
        let began = Instant::now();
        store.commit(changes)?;
        longest.commit.fetch_max(began.elapsed().as_nanos() as u64, Ordering::Relaxed);
        longest.commits.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn reads(store: &Store, longest: &Longest, done: &AtomicBool) -> Result<()> {
    while !done.load(Ordering::Acquire) {
        let began = Instant::now();
        let snapshot = store.snapshot();
        let read = last_rows(&snapshot)?;
        longest.read.fetch_max(began.elapsed().as_nanos() as u64, Ordering::Relaxed);
        std::hint::black_box(read);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The ids and vectors of the last part: what was committed last is read at once.
fn last_rows(snapshot: &Snapshot) -> Result<usize> {
    let table = snapshot.table("t").context("the table")?;
    let Some(part) = table.parts().last() else { return Ok(0) };
    let chunk = part.segment_id().is_none();
    // A new segment is read, and checked whole, by whoever asks for it first: that is not waiting.
    Ok(if chunk { part.columns(&[0, 2])?.num_rows() } else { part.rows() })
}

fn schema(dimensions: i32) -> SchemaRef {
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("embedding", DataType::FixedSizeList(item, dimensions), true),
    ]))
}

fn batch(schema: &SchemaRef, ids: std::ops::Range<i64>, dimensions: i32) -> Result<RecordBatch> {
    let ids: Vec<i64> = ids.collect();
    let names: StringArray = ids.iter().map(|id| Some(format!("worker number {id}"))).collect();
    let value = |id: i64, i: i32| ((id * 31 + i64::from(i) * 7) % 1009) as f32 / 1009.0;
    let values: Vec<f32> = ids.iter().flat_map(|id| (0..dimensions).map(|i| value(*id, i))).collect();
    let item = Arc::new(Field::new("item", DataType::Float32, true));
    let vectors = FixedSizeListArray::try_new(item, dimensions, Arc::new(Float32Array::from(values)), None)?;
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(ids)), Arc::new(names), Arc::new(vectors)];
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}
