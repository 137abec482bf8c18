//! Power cuts: whatever the moment, what was acknowledged is there after reopening, and nothing is there by half.
//!
//! The script runs once on a disk that shows each of its changes before it is made; what a power cut at that moment would
//! leave is a disk of its own, on which the database is opened, read, checked and written.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use muster_storage::{Backend, Changes, FaultyBackend, MemoryBackend, Operation, Unsynced};
use parking_lot::Mutex;

use crate::rows::{primary_key, rows, schema};
use crate::workload::{DATABASE, Ledger, Model, Moment, Run, Step, observe, open, run, steps, verify};

/// A disk as a power cut left it, and what is known of it.
struct Cut {
    disk: MemoryBackend,
    moment: Arc<Moment>,
    backups: bool,
    what: String,
}

/// What is known while the script runs.
#[derive(Default)]
struct Now {
    moment: Arc<Moment>,
    step: String,
    /// Whether the step is about backups.
    backups: bool,
}

/// How many random fates of what was not synced are tried at each point, besides its being lost.
fn seeds() -> u64 {
    std::env::var("MUSTER_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

/// Verifies cuts on all processors; what was wrong with them.
fn verify_all(cuts: &Mutex<Receiver<Cut>>, tried: &AtomicUsize) -> Vec<String> {
    let mut wrong = Vec::new();
    loop {
        let Ok(cut) = cuts.lock().recv() else { return wrong };
        tried.fetch_add(1, Ordering::Relaxed);
        match catch_unwind(AssertUnwindSafe(|| verify(&cut.disk, &cut.moment, cut.backups))) {
            Ok(Ok(())) => {}
            Ok(Err(detail)) => wrong.push(format!("{}: {detail}", cut.what)),
            Err(panic) => {
                let detail = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                wrong.push(format!("{}: panic: {detail}", cut.what));
            }
        }
    }
}

/// Has each change of a disk fork it as a power cut would.
fn cut_at_each_change(
    faulty: &FaultyBackend,
    disk: &MemoryBackend,
    now: &Arc<Mutex<Now>>,
    to: SyncSender<Cut>,
) {
    let (disk, now, seeds) = (disk.clone(), now.clone(), seeds());
    faulty.watch(move |number, operation, path| {
        let (moment, step, about_backups) = {
            let now = now.lock();
            (now.moment.clone(), now.step.clone(), now.backups)
        };
        // What nobody touches is looked at now and then.
        let backups = about_backups || number % 16 == 0;
        let torn = (0..seeds).map(|seed| Unsynced::Torn(number as u64 * 1000 + seed));
        let other = if number % 2 == 0 { Unsynced::Lost } else { Unsynced::Kept };
        for unsynced in torn.chain([other]) {
            let what = format!("change {number}, {operation:?} {}, {unsynced:?}, {step}", path.display());
            let cut = Cut { disk: disk.crashed(unsynced), moment: moment.clone(), backups, what };
            to.send(cut).expect("somebody verifies");
        }
    });
}

/// Verifies what `produce` sends; how many disks, and what was wrong with them.
fn verified(produce: impl FnOnce(SyncSender<Cut>)) -> (usize, Vec<String>) {
    let (sender, receiver) = sync_channel(8);
    let (receiver, tried) = (Mutex::new(receiver), AtomicUsize::new(0));
    let wrong = std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(|| verify_all(&receiver, &tried))).collect();
        produce(sender);
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    (tried.into_inner(), wrong)
}

fn assert_nothing_is_wrong(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n"));
}

/// A disk as a power cut left it, and what was acknowledged then.
type Interrupted = (MemoryBackend, Arc<Moment>);

#[test]
fn whatever_the_moment_of_a_power_cut_what_was_acknowledged_is_there() {
    let disk = MemoryBackend::crashable();
    let faulty = FaultyBackend::over(&disk);
    let now = Arc::new(Mutex::new(Now::default()));
    let (tried, wrong) = verified(|to| {
        cut_at_each_change(&faulty, &disk, &now, to);
        play(&faulty, &now);
        // The sender goes with the watcher.
        faulty.watch(|_, _, _| {});
    });
    let changes = faulty.operations();
    let mut kinds: BTreeMap<Operation, usize> = BTreeMap::new();
    changes.iter().for_each(|(operation, _)| *kinds.entry(*operation).or_default() += 1);
    println!(
        "power cuts: {} points ({kinds:?}), {} seeds a point, {tried} disks verified, failures {}",
        changes.len(),
        seeds(),
        wrong.len()
    );
    assert_nothing_is_wrong(&wrong);
    assert!(changes.len() > 400, "the script makes more changes than {}", changes.len());
    assert_eq!(kinds.len(), 9, "every kind of change is in the script: {kinds:?}");
}

#[test]
fn a_power_cut_while_a_power_cut_is_being_recovered_from_loses_nothing_either() {
    let disk = MemoryBackend::crashable();
    let faulty = FaultyBackend::over(&disk);
    let now = Arc::new(Mutex::new(Now::default()));
    let cuts: Arc<Mutex<Vec<Interrupted>>> = Arc::default();
    let (kept, noted, from) = (cuts.clone(), now.clone(), disk.clone());
    faulty.watch(move |number, _, _| {
        if number % 131 == 0 {
            let cut = from.crashed(Unsynced::Torn(number as u64));
            kept.lock().push((cut, noted.lock().moment.clone()));
        }
    });
    play(&faulty, &now);
    let cuts = std::mem::take(&mut *cuts.lock());
    let (tried, wrong) = verified(|to| {
        for (index, (first, moment)) in cuts.iter().enumerate() {
            let second = first.crashed(Unsynced::Kept);
            let again = FaultyBackend::over(&second);
            let step = format!("recovering from cut {index}");
            let now = Now { moment: moment.clone(), step, backups: false };
            cut_at_each_change(&again, &second, &Arc::new(Mutex::new(now)), to.clone());
            drop(open(Arc::new(again.clone()), DATABASE).unwrap());
            again.watch(|_, _, _| {});
        }
    });
    println!("power cuts during {} recoveries: {tried} disks verified, failures {}", cuts.len(), wrong.len());
    assert_nothing_is_wrong(&wrong);
    assert!(tried > 200, "{tried}");
}

#[test]
fn segment_files_that_a_crash_left_behind_are_removed_and_no_others() {
    let disk = MemoryBackend::crashable();
    let folder = std::path::Path::new(DATABASE).join("segments");
    let store = open(Arc::new(disk.clone()), DATABASE).unwrap();
    let create = Changes::new().create_table("t", schema(), primary_key(), Default::default());
    store.commit(create).unwrap();
    let mut load = store.bulk_load("t").unwrap();
    load.push(rows(0..35, 0)).unwrap();
    let crashed = disk.crashed(Unsynced::Kept);
    crashed.create(&folder.join("notes.txt")).unwrap();
    assert!(crashed.list(&folder).unwrap().len() > 6);
    let store = open(Arc::new(crashed.clone()), DATABASE).unwrap();
    assert_eq!(crashed.list(&folder).unwrap(), [folder.join("notes.txt")], "what is not ours stays");
    store.commit(Changes::new().put("t", rows(0..3, 0))).unwrap();
}

/// Runs the script on a disk that works, keeping `now` true.
fn play(faulty: &FaultyBackend, now: &Mutex<Now>) {
    let store = open(Arc::new(faulty.clone()), DATABASE).unwrap();
    let mut played = Run { backend: Arc::new(faulty.clone()), store: Some(store), model: Model::default() };
    let mut ledger = Ledger::default();
    for step in steps() {
        let next = played.after(&step);
        let acknowledged = played.model.clone();
        *now.lock() = Now {
            moment: Arc::new(Moment {
                acknowledged,
                in_flight: vec![next.clone()],
                ledger: ledger.clone(),
                lost_files: false,
            }),
            step: format!("{step:?}").chars().take(100).collect(),
            backups: matches!(step, Step::Backup(_) | Step::Restore { .. }),
        };
        run(&mut played, &step).unwrap_or_else(|error| panic!("{step:?}: {error}"));
        played.model = next;
        let observed = observe(played.store()).unwrap();
        assert_eq!(observed.content, played.model.content(), "after {step:?}");
        assert_eq!(observed.files, played.model.files(&observed.segments), "after {step:?}");
        ledger.note(played.store(), &observed, &played.model);
    }
    let moment =
        Moment { acknowledged: played.model.clone(), in_flight: Vec::new(), ledger, lost_files: false };
    *now.lock() = Now { moment: Arc::new(moment), step: "closing".into(), backups: false };
    played.store = None;
}
