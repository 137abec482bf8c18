//! Damaged files: an error that names the file or the right rows, never a panic and never wrong rows.
//!
//! Each file of the database that the script leaves is damaged in many ways, one at a time. What is then read is compared
//! with the model, whole.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use muster_storage::{Backend, Changes, Error, MemoryBackend, Severity, Unsynced, restore};
use parking_lot::Mutex;

use crate::workload::{BACKUP, Content, DATABASE, Model, Run, observe, open, run, steps};

/// What the script leaves: closed, and as it was before the last commit and after it, still open.
struct Left {
    closed: MemoryBackend,
    open: MemoryBackend,
    before: Content,
    model: Model,
}

fn left() -> Left {
    let disk = MemoryBackend::crashable();
    let store = open(Arc::new(disk.clone()), DATABASE).unwrap();
    let mut played = Run { backend: Arc::new(disk.clone()), store: Some(store), model: Model::default() };
    let mut before = Content::default();
    for step in steps() {
        let next = played.after(&step);
        run(&mut played, &step).unwrap();
        before = played.model.content();
        played.model = next;
    }
    let open = disk.crashed(Unsynced::Kept);
    played.store = None;
    Left { closed: disk, open, before, model: played.model }
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Zeros(usize, usize),
    Cut(usize),
    Longer(usize),
    Noise,
    Removed,
    /// The bytes of another file.
    Other(PathBuf),
}

impl Damage {
    fn make(&self, disk: &MemoryBackend, path: &Path) {
        let bytes = disk.map(path).unwrap().to_vec();
        // Another file in its place, for a backup may share the bytes of the old one.
        let write = |bytes: &[u8]| disk.create(path).unwrap().write_at(bytes, 0).unwrap();
        match self {
            Damage::Flip(position, mask) => {
                let mut bytes = bytes;
                bytes[*position] ^= mask;
                write(&bytes);
            }
            Damage::Zeros(from, length) => {
                let (mut bytes, end) = (bytes.clone(), bytes.len().min(from + length));
                bytes[*from..end].fill(0);
                write(&bytes);
            }
            Damage::Cut(length) => write(&bytes[..*length]),
            Damage::Longer(by) => write(&[bytes, vec![0x5a; *by]].concat()),
            Damage::Noise => {
                let noise = (0..bytes.len()).map(|i| (i as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3]);
                write(&noise.collect::<Vec<_>>());
            }
            Damage::Removed => disk.remove(path).unwrap(),
            Damage::Other(other) => write(&disk.map(other).unwrap()),
        }
    }
}

/// How it came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// An error that names the file.
    Error,
    /// An index file that has to be made again; all rows are there.
    IndexLost,
    /// All is as it was.
    Harmless,
}

/// Files with names that end so, in a folder and in `segments` there.
fn files(disk: &MemoryBackend, folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(folder);
    let mut files = disk.list(&folder.join("segments")).unwrap();
    files.extend(disk.list(folder).unwrap());
    files.retain(|path| !path.ends_with("LOCK"));
    files
}

fn kind(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().into_owned()
}

/// How many times as dense the samples are.
fn density() -> usize {
    std::env::var("MUSTER_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

/// Bytes to flip: each of a small file when it is to be `thorough`, else about `many` of those that are not zero.
fn flips(bytes: &[u8], thorough: bool, many: usize) -> Vec<Damage> {
    let used: Vec<usize> = (0..bytes.len()).filter(|at| thorough || *at < 320 || bytes[*at] != 0).collect();
    let step = if thorough { 1 } else { (used.len() / (many * density())).max(1) };
    let ends = |at: usize| at < 8 || at + 8 >= bytes.len();
    let chosen = used.iter().enumerate().filter(|(n, at)| n % step == 0 || thorough || ends(**at));
    chosen.map(|(n, at)| Damage::Flip(*at, if n % 5 == 4 { 0xff } else { 1 << (n % 8) })).collect()
}

/// All damage that is done to a file of these.
fn damages(disk: &MemoryBackend, files: &[PathBuf]) -> Vec<(PathBuf, Damage)> {
    let mut damages = Vec::new();
    let mut thorough: BTreeMap<String, (usize, PathBuf)> = BTreeMap::new();
    for path in files {
        let length = disk.map(path).unwrap().len();
        let smallest = thorough.entry(kind(path)).or_insert((length, path.clone()));
        *smallest = smallest.clone().min((length, path.clone()));
    }
    for (index, path) in files.iter().enumerate() {
        let bytes = disk.map(path).unwrap();
        let (length, journal) = (bytes.len(), kind(path) == "redb");
        let each_byte = !journal && thorough.values().any(|(_, smallest)| smallest == path);
        let mut all = flips(&bytes, each_byte, if journal { 500 } else { 4 });
        let cuts = [0, 1, 7, 64, length / 3, length / 2, length.saturating_sub(64), length - 1];
        all.extend(cuts.into_iter().filter(|cut| *cut < length).map(Damage::Cut));
        all.extend([Damage::Longer(1), Damage::Longer(4096), Damage::Noise, Damage::Removed]);
        if journal {
            // Pages that are lost, each.
            all.extend((0..length / 4096).map(|page| Damage::Zeros(page * 4096, 4096)));
        } else {
            all.push(Damage::Zeros(length / 2, length));
        }
        let others = files.iter().skip(index + 1).chain(&files[..index]);
        let other = others.filter(|other| kind(other) == kind(path)).take(3);
        all.extend(other.cloned().map(Damage::Other));
        damages.extend(all.into_iter().map(|damage| (path.clone(), damage)));
    }
    damages
}

/// What trials came to, by kind of file.
type Counts = BTreeMap<String, BTreeMap<Outcome, usize>>;

/// Makes trials on all processors; counts, and what was wrong.
fn trials(
    damages: &[(PathBuf, Damage)],
    trial: impl Fn(&Path, &Damage) -> Result<Outcome, String> + Sync,
) -> (Counts, Vec<String>) {
    silence_redb();
    let (next, counts, wrong) = (AtomicUsize::new(0), Mutex::new(Counts::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((path, damage)) = damages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = catch_unwind(AssertUnwindSafe(|| trial(path, damage)));
                    match outcome.unwrap_or_else(|_| Err("it panicked".into())) {
                        Ok(outcome) => {
                            *counts.lock().entry(kind(path)).or_default().entry(outcome).or_default() += 1;
                        }
                        Err(detail) => wrong.lock().push(format!("{} {damage:?}: {detail}", path.display())),
                    }
                }
            });
        }
    });
    (counts.into_inner(), wrong.into_inner())
}

/// redb panics on some damage, and the store catches it; its messages, with backtraces, would be all that one sees.
fn silence_redb() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|location| location.file().contains("redb-")) {
            default(panic);
        }
    }));
}

/// The damage is reported as what it is, by the name of the file.
fn reported(error: &Error, path: &Path, damage: &Damage) -> Result<Outcome, String> {
    let swapped = matches!(damage, Damage::Other(_));
    match error {
        Error::Corrupt { path: named, .. } | Error::NewerFormat { path: named, .. } if named == path => {
            Ok(Outcome::Error)
        }
        other => Err(format!("not the error that it should be (another file's bytes: {swapped}): {other:?}")),
    }
}

/// Opens, reads and checks a database with one damaged file.
fn damaged_database(left: &Left, path: &Path, damage: &Damage) -> Result<Outcome, String> {
    let disk = left.closed.crashed(Unsynced::Kept);
    damage.make(&disk, path);
    let journal = Path::new(DATABASE).join("journal.redb");
    let before = disk.map(&journal).ok();
    let store = match open(Arc::new(disk.clone()), DATABASE) {
        Ok(store) => store,
        // Or the next open might find a journal that was repaired by leaving out what was damaged.
        Err(_) if disk.map(&journal).ok() != before => return Err("the journal was changed".into()),
        Err(error) => return reported(&error, path, damage),
    };
    let found = store.check(&|_, _| true).map_err(|error| error.to_string())?;
    let index = kind(path) == "graph";
    let severity = if index { Severity::Index } else { Severity::Damage };
    if let Some(finding) = found.iter().find(|found| found.path != path || found.severity != severity) {
        return Err(format!("a check found something else: {finding:?}"));
    }
    let observed = match observe(&store) {
        Ok(observed) => observed,
        Err(_) if found.is_empty() => return Err("a check found nothing where a read did".into()),
        Err(error) => return reported(&error, path, damage),
    };
    if observed.content != left.model.content() {
        return Err("other rows".into());
    }
    let mut files = left.model.files(&observed.segments);
    files.retain(|file, _| observed.damaged_files == 0 || observed.files.contains_key(file));
    if observed.files != files || observed.damaged_files != usize::from(index && !found.is_empty()) {
        return Err(format!("{} damaged index files", observed.damaged_files));
    }
    let written = store.commit(Changes::new().raise_mark("other", 5000));
    written.map_err(|error| format!("it cannot be written: {error}"))?;
    match (found.is_empty(), index) {
        (true, _) => Ok(Outcome::Harmless),
        (false, true) => Ok(Outcome::IndexLost),
        (false, false) => Err(format!("only a check found it: {found:?}")),
    }
}

fn show(what: &str, counts: &Counts, wrong: &[String]) {
    let tried: usize = counts.values().flat_map(|counts| counts.values()).sum::<usize>() + wrong.len();
    println!("{what}: {tried} tried, {counts:?}, failures {}", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.iter().take(8).cloned().collect::<Vec<_>>().join("\n"));
}

#[test]
fn damage_to_any_file_of_a_database_is_reported_or_does_no_harm() {
    let left = left();
    let files = files(&left.closed, DATABASE);
    let damages = damages(&left.closed, &files);
    let (counts, wrong) = trials(&damages, |path, damage| damaged_database(&left, path, damage));
    show("damaged files of a database", &counts, &wrong);
    for (kind, outcome) in [
        ("redb", Outcome::Error),
        ("parquet", Outcome::Error),
        ("vec", Outcome::Error),
        ("graph", Outcome::IndexLost),
    ] {
        assert!(counts[kind][&outcome] > 100, "{kind}: {counts:?}");
    }
    // Files that are written once are checked to the last byte.
    let harmless = |kind: &str| counts[kind].get(&Outcome::Harmless).copied().unwrap_or_default();
    assert_eq!((harmless("parquet"), harmless("vec"), harmless("graph")), (0, 0, 0), "{counts:?}");
}

/// After a kill a commit whose pages do not match their checksums looks like one that was cut off before it was
/// acknowledged, and is taken back: damage to the last commit can do that, and nothing else.
#[test]
fn damage_to_the_journal_of_a_killed_process_costs_at_most_the_last_commit() {
    let left = left();
    let journal = Path::new(DATABASE).join("journal.redb");
    let bytes = left.open.map(&journal).unwrap();
    let flips = flips(&bytes, false, 200).into_iter().map(|damage| (journal.clone(), damage));
    let (counts, wrong) = trials(&flips.collect::<Vec<_>>(), |path, damage| {
        let disk = left.open.crashed(Unsynced::Kept);
        damage.make(&disk, path);
        match open(Arc::new(disk), DATABASE).and_then(|store| observe(&store)) {
            Ok(observed) if observed.content == left.model.content() => Ok(Outcome::Harmless),
            Ok(observed) if observed.content == left.before => Ok(Outcome::Harmless),
            Ok(_) => Err("other rows".into()),
            Err(error) => reported(&error, path, damage),
        }
    });
    show("flipped bytes in the journal of a killed process", &counts, &wrong);
}

#[test]
fn a_damaged_backup_is_not_restored_or_restored_whole() {
    let left = left();
    let files = files(&left.closed, BACKUP);
    let expected = &left.model.backups[Path::new(BACKUP)];
    let mut damages = damages(&left.closed, &files);
    let mut number = 0;
    damages.retain(|_| {
        number += 1;
        number % 4 == 0 || density() > 3
    });
    let (counts, wrong) = trials(&damages, |path, damage| {
        let disk = left.closed.crashed(Unsynced::Kept);
        damage.make(&disk, path);
        let backend: Arc<dyn Backend> = Arc::new(disk);
        match restore(&backend, Path::new(BACKUP), Path::new("/new"), &|_| true) {
            Err(Error::Folder { path, .. }) if path == Path::new(BACKUP) => return Ok(Outcome::Error),
            Err(error) => return reported(&error, path, damage),
            Ok(_) => {}
        }
        let observed = open(backend, "/new").and_then(|store| observe(&store));
        let observed = observed.map_err(|error| format!("restored, and damaged: {error}"))?;
        match (&observed.content == expected, observed.damaged_files) {
            (true, 0) => Ok(Outcome::Harmless),
            (true, _) if kind(path) == "graph" => Ok(Outcome::IndexLost),
            (whole, files) => Err(format!("whole: {whole}, {files} damaged index files")),
        }
    });
    show("damaged files of a backup", &counts, &wrong);
}

#[test]
fn an_index_file_of_a_newer_version_is_refused_by_both_numbers() {
    let left = left();
    let disk = left.closed.crashed(Unsynced::Kept);
    for graph in files(&disk, DATABASE).iter().filter(|path| kind(path) == "graph") {
        disk.open(graph).unwrap().write_at(&7_u32.to_le_bytes(), 8).unwrap();
    }
    let store = open(Arc::new(disk), DATABASE).unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("people").unwrap();
    let index = table.definition().indexes[0].id;
    let error = table.parts().find_map(|part| part.index_file(index).err()).unwrap();
    assert!(matches!(error, Error::NewerFormat { found: 7, supported: 1, .. }), "{error}");
}
