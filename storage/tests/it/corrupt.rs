//! Damaged files: an error or the right rows, never a panic and never wrong rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use muster_storage::{Backend, Error, MemoryBackend, Result, Store, Unsynced};

use crate::workload::{Expected, after, observe, open, run, steps};

/// A closed database with segments, index files, deletions, and rows in the journal.
fn database() -> (MemoryBackend, Expected) {
    let (disk, store, _, expected) = open_database();
    drop(store);
    (disk, expected)
}

/// The same, still open; what it held before the last commit, and what it holds.
fn open_database() -> (MemoryBackend, Store, Expected, Expected) {
    let disk = MemoryBackend::crashable();
    let store = open(Arc::new(disk.clone())).unwrap();
    let (mut before, mut expected) = (Expected::default(), Expected::default());
    // Up to the last update: before the second checkpoint and before the table is dropped.
    for step in &steps()[..14] {
        run(&store, step).unwrap();
        before = std::mem::take(&mut expected);
        expected = after(&before, step);
    }
    (disk, store, before, expected)
}

fn files(disk: &MemoryBackend) -> Vec<PathBuf> {
    let mut files = disk.list(Path::new("/db/segments")).unwrap();
    files.push("/db/journal.redb".into());
    files
}

fn bytes(disk: &MemoryBackend, path: &Path) -> Vec<u8> {
    let file = disk.open(path).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_at(&mut bytes, 0).unwrap();
    bytes
}

/// What a database shows after `damage`; the index apart, because its loss is not one of data.
fn observe_damaged(disk: &MemoryBackend, damage: impl FnOnce(&MemoryBackend)) -> Result<(Expected, Store)> {
    let copy = disk.crashed(Unsynced::Kept);
    damage(&copy);
    let journal = Path::new("/db/journal.redb");
    let before = copy.map(journal).ok();
    match open(Arc::new(copy.clone())) {
        Ok(store) => Ok((observe(&store)?, store)),
        Err(error) => {
            // Or the next open might find a journal that was repaired by leaving out what was damaged.
            assert_eq!(copy.map(journal).ok(), before, "a journal that cannot be opened is left as it was");
            Err(error)
        }
    }
}

/// Fails the test unless the damage was reported or did no harm. Returns whether it was reported.
fn check(disk: &MemoryBackend, expected: &Expected, what: &str, damage: impl FnOnce(&MemoryBackend)) -> bool {
    match observe_damaged(disk, damage) {
        Err(Error::Corrupt { .. } | Error::NewerFormat { .. }) => true,
        Err(error) => panic!("{what}: {error:?}"),
        Ok((observed, store)) => {
            assert_eq!(observed.rows, expected.rows, "{what}");
            let index = observed.index.flatten();
            assert!(index == Some(b"second") || index == Some(b"damaged"), "{what}: {index:?}");
            let written =
                store.commit(muster_storage::Changes::new().put("t", crate::rows::rows(500..502, 0)));
            if let Err(error) = written {
                assert!(matches!(error, Error::Corrupt { .. }), "{what}: {error:?}");
            }
            index == Some(b"damaged")
        }
    }
}

/// Positions to damage: all at the ends, where headers and footers are, and every so many between.
fn positions(length: usize) -> impl Iterator<Item = usize> {
    let step = move |at: usize| match length {
        _ if at < 256 || at + 192 > length => 1,
        0..4096 => 3,
        _ => 61,
    };
    std::iter::successors(Some(0), move |at| Some(at + step(*at))).take_while(move |at| *at < length)
}

#[test]
fn a_flipped_bit_in_a_segment_is_always_reported() {
    let (disk, expected) = database();
    for path in files(&disk).iter().filter(|path| !path.ends_with("journal.redb")) {
        for position in positions(bytes(&disk, path).len()) {
            let bit = 1 << (position % 8);
            let what = format!("{} byte {position}", path.display());
            let reported = check(&disk, &expected, &what, |disk| flip(disk, path, position, bit));
            assert!(reported, "{what}: nobody noticed");
        }
    }
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

#[test]
fn a_flipped_bit_in_the_journal_is_reported_or_does_no_harm() {
    let (disk, expected) = database();
    silence_redb();
    let path = Path::new("/db/journal.redb");
    let content = bytes(&disk, path);
    let mut reported = 0;
    let used = |position: &usize| content[*position] != 0 || *position < 512 || position.is_multiple_of(499);
    for position in (0..content.len()).filter(used) {
        if position > 4096 && position % 47 != 0 {
            continue;
        }
        let bit = 1 << (position % 8);
        reported += usize::from(check(&disk, &expected, &format!("journal byte {position}"), |disk| {
            flip(disk, path, position, bit);
        }));
    }
    assert!(reported > 100, "only {reported} flips were noticed");
}

/// After a kill a commit whose pages do not match their checksums looks like one that was cut off before it was
/// acknowledged, and is taken back: a flipped bit in the last commit can do that, and nothing else.
#[test]
fn a_flipped_bit_in_the_journal_of_a_killed_process_costs_at_most_the_last_commit() {
    silence_redb();
    let (disk, _store, before, expected) = open_database();
    let path = Path::new("/db/journal.redb");
    let content = bytes(&disk, path);
    let used = (0..content.len()).filter(|position| content[*position] != 0 || *position < 512);
    for position in used.filter(|position| *position < 512 || position % 83 == 0) {
        let copy = disk.crashed(Unsynced::Kept);
        flip(&copy, path, position, 1 << (position % 8));
        match open(Arc::new(copy)).and_then(|store| observe(&store)) {
            Ok(observed) => assert!(observed == expected || observed == before, "byte {position}"),
            Err(error) => assert!(matches!(error, Error::Corrupt { .. }), "byte {position}: {error:?}"),
        }
    }
}

fn flip(disk: &MemoryBackend, path: &Path, position: usize, bit: u8) {
    let file = disk.open(path).unwrap();
    let mut byte = [0];
    file.read_at(&mut byte, position as u64).unwrap();
    file.write_at(&[byte[0] ^ bit], position as u64).unwrap();
}

#[test]
fn a_file_that_is_cut_emptied_or_gone_is_reported() {
    let (disk, expected) = database();
    for path in files(&disk) {
        let length = bytes(&disk, &path).len();
        for cut in [0, 1, 7, 64, length / 3, length / 2, length - 64, length - 1] {
            let what = format!("{} cut to {cut} of {length}", path.display());
            let reported =
                check(&disk, &expected, &what, |disk| disk.open(&path).unwrap().set_len(cut as u64).unwrap());
            assert!(reported, "{what}: nobody noticed");
        }
        let what = format!("{} longer", path.display());
        check(&disk, &expected, &what, |disk| {
            disk.open(&path).unwrap().set_len(length as u64 + 4096).unwrap()
        });
        let what = format!("{} removed", path.display());
        assert!(check(&disk, &expected, &what, |disk| disk.remove(&path).unwrap()), "{what}: nobody noticed");
        let what = format!("{} replaced by noise", path.display());
        let noise: Vec<u8> =
            (0..length).map(|i| (i as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let reported =
            check(&disk, &expected, &what, |disk| disk.create(&path).unwrap().write_at(&noise, 0).unwrap());
        assert!(reported, "{what}: nobody noticed");
    }
}

#[test]
fn files_that_changed_places_are_reported() {
    let (disk, expected) = database();
    let files = files(&disk);
    for (left, right) in files.iter().zip(files.iter().skip(1)) {
        if left.extension() != right.extension() {
            continue;
        }
        let what = format!("{} for {}", left.display(), right.display());
        let (one, other) = (bytes(&disk, left), bytes(&disk, right));
        let reported = check(&disk, &expected, &what, |disk| {
            disk.create(left).unwrap().write_at(&other, 0).unwrap();
            disk.create(right).unwrap().write_at(&one, 0).unwrap();
        });
        assert!(reported, "{what}: nobody noticed");
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused_by_both_numbers() {
    let (disk, _) = database();
    let copy = disk.crashed(Unsynced::Kept);
    let graph =
        files(&copy).into_iter().find(|path| path.extension().is_some_and(|it| it == "graph")).unwrap();
    copy.open(&graph).unwrap().write_at(&7_u32.to_le_bytes(), 8).unwrap();
    let store = open(Arc::new(copy)).unwrap();
    let snapshot = store.snapshot();
    let table = snapshot.table("t").unwrap();
    let index = table.definition().indexes[0].id;
    let error = table.parts().find_map(|part| part.index_file(index).err()).unwrap();
    assert!(matches!(error, Error::NewerFormat { found: 7, supported: 1, .. }), "{error}");
}
