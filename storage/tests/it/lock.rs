//! The lock: a directory has one owner, and a dead owner is no obstacle.

use muster_storage::{Error, Store};

#[test]
fn a_second_open_fails_at_once_and_names_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    let Error::Locked { path, holder } = &error else { panic!("{error}") };
    assert_eq!(path, dir.path());
    assert_eq!(holder, &std::process::id().to_string());
    assert!(error.to_string().contains(&dir.path().display().to_string()));
    let clone = store.clone();
    drop(store);
    assert!(matches!(Store::open(dir.path()), Err(Error::Locked { .. })), "a clone holds the directory too");
    drop(clone);
    Store::open(dir.path()).unwrap();
}

#[test]
fn what_a_dead_process_left_in_the_lock_file_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    std::fs::write(dir.path().join("LOCK"), "4294967295, and a long tail that nobody wrote").unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(std::fs::read_to_string(dir.path().join("LOCK")).unwrap(), std::process::id().to_string());
    drop(store);
}

#[test]
fn a_snapshot_does_not_keep_the_directory_locked() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = Store::open(dir.path()).unwrap().snapshot();
    Store::open(dir.path()).unwrap();
    assert_eq!(snapshot.tables().count(), 0);
}
