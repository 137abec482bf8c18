//! Power cuts: whatever the moment, what was acknowledged is there after reopening, and nothing is there by half.

use std::sync::Arc;

use muster_storage::{Fault, FaultyBackend, MemoryBackend, Unsynced};

use crate::workload::{Expected, after, is_usable, observe, open, run, steps};

/// Runs the script on a disk that freezes at operation `at`; what was acknowledged, and what else may be found.
fn run_until_frozen(backend: &FaultyBackend, at: usize) -> (Expected, Expected, bool) {
    backend.fail_at(at, Fault::Freeze);
    let mut acknowledged = Expected::default();
    let Ok(store) = open(Arc::new(backend.clone())) else {
        return (acknowledged.clone(), acknowledged, true);
    };
    for step in steps() {
        let next = after(&acknowledged, &step);
        if run(&store, &step).is_err() {
            assert_eq!(observe(&store).unwrap(), acknowledged, "readers go on after {step:?} failed");
            return (acknowledged, next, true);
        }
        acknowledged = next;
        assert_eq!(observe(&store).unwrap(), acknowledged, "after {step:?}");
    }
    (acknowledged.clone(), acknowledged, false)
}

#[test]
fn whatever_the_moment_of_a_power_cut_what_was_acknowledged_is_there() {
    let mut at = 0;
    loop {
        let disk = MemoryBackend::crashable();
        let (acknowledged, in_flight, frozen) =
            run_until_frozen(&FaultyBackend::new(Arc::new(disk.clone())), at);
        let seed = at as u64;
        for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Torn(seed), Unsynced::Torn(seed + 100_000)]
        {
            let found = disk.crashed(unsynced);
            let store =
                open(Arc::new(found)).unwrap_or_else(|error| panic!("operation {at}, {unsynced:?}: {error}"));
            let observed = observe(&store).unwrap();
            assert!(
                observed == acknowledged || observed == in_flight,
                "operation {at}, {unsynced:?}: {observed:?} is neither {acknowledged:?} nor {in_flight:?}"
            );
            is_usable(&store);
        }
        if !frozen {
            break;
        }
        at += 1;
    }
    assert!(at > 100, "the script has more operations than {at}");
}

#[test]
fn a_power_cut_while_a_power_cut_is_being_recovered_from_loses_nothing_either() {
    for at in (0..).step_by(9) {
        let disk = MemoryBackend::crashable();
        let (acknowledged, in_flight, frozen) =
            run_until_frozen(&FaultyBackend::new(Arc::new(disk.clone())), at);
        let first = disk.crashed(Unsynced::Torn(at as u64));
        for again in 0.. {
            let second = first.crashed(Unsynced::Kept);
            let backend = FaultyBackend::new(Arc::new(second.clone()));
            backend.fail_at(again, Fault::Freeze);
            let opened = open(Arc::new(backend)).is_ok();
            for unsynced in [Unsynced::Lost, Unsynced::Torn(again as u64)] {
                let store = open(Arc::new(second.crashed(unsynced)))
                    .unwrap_or_else(|error| panic!("operation {at}, then {again}, {unsynced:?}: {error}"));
                let observed = observe(&store).unwrap();
                assert!(observed == acknowledged || observed == in_flight, "operation {at}, then {again}");
            }
            if opened {
                break;
            }
        }
        if !frozen {
            break;
        }
    }
}

#[test]
fn segment_files_that_a_crash_left_behind_are_removed() {
    use muster_storage::Backend;
    let disk = MemoryBackend::crashable();
    let folder = std::path::Path::new("/db/segments");
    let store = open(Arc::new(disk.clone())).unwrap();
    run(&store, &steps()[0]).unwrap();
    let mut load = store.bulk_load("t").unwrap();
    load.push(crate::rows::rows(0..35, 0)).unwrap();
    let crashed = disk.crashed(Unsynced::Kept);
    crashed.create(&folder.join("notes.txt")).unwrap();
    assert!(crashed.list(folder).unwrap().len() > 6);
    let reopened = open(Arc::new(crashed.clone())).unwrap();
    assert_eq!(crashed.list(folder).unwrap(), [folder.join("notes.txt")], "what is not ours stays");
    is_usable(&reopened);
}
