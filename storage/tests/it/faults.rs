//! Failing disks: an error for the one who asked, nothing changed, and writing goes on when the disk does.

use std::io::ErrorKind;
use std::sync::Arc;

use muster_storage::{Error, Fault, FaultyBackend, MemoryBackend, Operation, Unsynced};

use crate::workload::{Expected, after, is_usable, observe, open, run, steps};

/// How many operations the script takes on a disk that works.
fn operations() -> Vec<Operation> {
    let backend = FaultyBackend::new(Arc::new(MemoryBackend::new()));
    let store = open(Arc::new(backend.clone())).unwrap();
    steps().iter().for_each(|step| run(&store, step).unwrap());
    drop(store);
    backend.operations()
}

#[test]
fn each_operation_may_fail_once() {
    for (at, operation) in operations().into_iter().enumerate() {
        let kind = if at % 2 == 0 { ErrorKind::StorageFull } else { ErrorKind::Other };
        each_operation_may_fail(at, operation, kind);
        if operation == Operation::Sync {
            each_operation_may_fail(at, operation, ErrorKind::TimedOut);
        }
    }
}

fn each_operation_may_fail(at: usize, operation: Operation, kind: ErrorKind) {
    let disk = MemoryBackend::crashable();
    let backend = FaultyBackend::new(Arc::new(disk.clone()));
    backend.fail_at(at, Fault::Once(kind));
    let check_error = |error: Error| match (kind, error) {
        (ErrorKind::StorageFull, Error::DiskFull { .. }) => {}
        (ErrorKind::StorageFull, other) => panic!("operation {at}, {operation:?}: {other}"),
        (_, Error::Io { .. }) => {}
        (_, other) => panic!("operation {at}, {operation:?}: {other}"),
    };
    let store = match open(Arc::new(backend.clone())) {
        Ok(store) => store,
        Err(error) => {
            check_error(error);
            open(Arc::new(backend.clone())).unwrap()
        }
    };
    let mut acknowledged = Expected::default();
    for step in steps() {
        if let Err(error) = run(&store, &step) {
            check_error(error);
            assert_eq!(observe(&store).unwrap(), acknowledged, "operation {at}: readers go on");
            // What failed must not come to life when the process ends here.
            let reopened = open(Arc::new(disk.crashed(Unsynced::Lost))).unwrap();
            assert_eq!(observe(&reopened).unwrap(), acknowledged, "operation {at}, {operation:?}, {step:?}");
            run(&store, &step)
                .unwrap_or_else(|error| panic!("operation {at}, {operation:?}, again: {error}"));
        }
        acknowledged = after(&acknowledged, &step);
        assert_eq!(observe(&store).unwrap(), acknowledged, "operation {at}, after {step:?}");
    }
    let reopened = open(Arc::new(disk.crashed(Unsynced::Lost))).unwrap();
    assert_eq!(observe(&reopened).unwrap(), acknowledged, "operation {at}, {operation:?}");
    // The last operations are those of closing, which the script does not reach.
    backend.heal();
    is_usable(&store);
}

#[test]
fn while_the_disk_fails_writes_are_refused_and_reads_go_on_until_it_works_again() {
    for (kind, done) in [(ErrorKind::StorageFull, 5), (ErrorKind::Other, 5), (ErrorKind::Other, 11)] {
        let backend = FaultyBackend::new(Arc::new(MemoryBackend::crashable()));
        let store = open(Arc::new(backend.clone())).unwrap();
        let mut acknowledged = Expected::default();
        let script = steps();
        for step in &script[..done] {
            run(&store, step).unwrap();
            acknowledged = after(&acknowledged, step);
        }
        backend.fail_next(Fault::From(kind));
        let first = run(&store, &script[1].clone()).unwrap_err();
        assert!(matches!(first, Error::DuplicateKey { .. }), "checks come before the disk: {first}");
        let put = crate::workload::Step::Put(700..703);
        let first = run(&store, &put).unwrap_err();
        assert!(matches!(first, Error::DiskFull { .. } | Error::Io { .. }), "{first}");
        let second = run(&store, &put).unwrap_err();
        assert!(matches!(second, Error::ReadOnly { .. }), "{second}");
        assert!(run(&store, &crate::workload::Step::Checkpoint).is_err());
        assert!(run(&store, &crate::workload::Step::Load(800..830)).is_err());
        assert_eq!(observe(&store).unwrap(), acknowledged);
        backend.heal();
        run(&store, &put).unwrap();
        acknowledged = after(&acknowledged, &put);
        assert_eq!(observe(&store).unwrap(), acknowledged);
        for step in &script[done..] {
            run(&store, step).unwrap();
            acknowledged = after(&acknowledged, step);
            assert_eq!(observe(&store).unwrap(), acknowledged);
        }
    }
}
