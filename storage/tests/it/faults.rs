//! Failing disks: an error that names the file, nothing changed for readers, and writing goes on when the disk does.
//!
//! The script is run again and again; in run number `n` the operation number `n` of every step fails, once or lastingly,
//! until no step has so many. Each operation is so tried in a store with a past, most of it failures.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use muster_storage::{
    Backend, Changes, Effort, Error, Fault, FaultyBackend, MemoryBackend, Operation, Store, Unsynced, restore,
};

use crate::rows;
use crate::workload::{
    Action, BACKUP, DATABASE, Ledger, Model, Moment, RESTORED, Run, Step, observe, open, run, steps, verify,
};

/// A store on a disk that can fail, and what it is to hold.
struct Patient {
    disk: MemoryBackend,
    faulty: FaultyBackend,
    run: Run,
    ledger: Ledger,
    /// How many operations were made to fail.
    tried: usize,
    /// How many of those were nobody's loss, such as the removal of a file that nobody needs any more.
    unnoticed: usize,
    /// Whether the read of an index file was made to fail while a backup was taken or restored.
    lost_files: bool,
}

/// Which operations are made to fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Target {
    Changes,
    Reads,
}

impl Patient {
    fn new() -> Self {
        let disk = MemoryBackend::crashable();
        let faulty = FaultyBackend::over(&disk);
        let store = open(Arc::new(faulty.clone()), DATABASE).unwrap();
        let run = Run { backend: Arc::new(faulty.clone()), store: Some(store), model: Model::default() };
        Self { disk, faulty, run, ledger: Ledger::default(), tried: 0, unnoticed: 0, lost_files: false }
    }

    fn fail(&self, target: Target, number: usize, fault: Fault) {
        match target {
            Target::Changes => self.faulty.fail_at(self.faulty.changes() + number, fault),
            Target::Reads => self.faulty.fail_read_at(self.faulty.reads() + number, fault),
        }
    }

    /// What readers see is what was acknowledged.
    fn reads_go_on(&self, what: &str) {
        let Some(store) = &self.run.store else { return };
        let observed = observe(store).unwrap_or_else(|error| panic!("{what}: a read failed: {error}"));
        assert!(observed.content == self.run.model.content(), "{what}: readers see something else");
        assert_eq!(observed.files, self.run.model.files(&observed.segments), "{what}");
    }

    /// What a process finds that starts now is what was acknowledged, or one of these.
    fn survives(&self, in_flight: &[Model], backups: bool, what: &str) {
        let (acknowledged, ledger) = (self.run.model.clone(), self.ledger.clone());
        let (in_flight, lost_files) = (in_flight.to_vec(), self.lost_files);
        let moment = Moment { acknowledged, in_flight, ledger, lost_files };
        let seed = self.tried as u64;
        for unsynced in [Unsynced::Lost, Unsynced::Torn(seed)].iter().skip(self.tried % 2).take(1) {
            verify(&self.disk.crashed(*unsynced), &moment, backups)
                .unwrap_or_else(|detail| panic!("{what}, {unsynced:?}: {detail}"));
        }
    }

    fn acknowledge(&mut self, model: Model, what: &str) {
        self.run.model = model;
        let observed = observe(self.run.store()).unwrap();
        assert!(observed.content == self.run.model.content(), "{what}: done and not seen");
        self.ledger.note(self.run.store(), &observed, &self.run.model);
    }
}

/// A step that was tried before: what is restored goes into another folder, for the first one is not empty any more.
fn again(step: &Step) -> Step {
    match step {
        Step::Restore { from, to } => Step::Restore { from, to: format!("{to} again") },
        other => other.clone(),
    }
}

fn about_backups(step: &Step) -> bool {
    matches!(step, Step::Backup(_) | Step::Restore { .. })
}

/// The error says which file it was about, and what the system said.
fn check_error(error: &Error, kind: Option<ErrorKind>, failed: &[(Operation, PathBuf)], what: &str) {
    let named = failed.iter().any(|(_, path)| error.to_string().contains(&*path.to_string_lossy()));
    assert!(named, "{what}: {error}: it does not name the file of {failed:?}");
    match (kind, error) {
        (Some(ErrorKind::StorageFull), Error::DiskFull { .. }) => {}
        (Some(ErrorKind::StorageFull), other) => panic!("{what}: {other:?}"),
        (Some(_), Error::Io { .. }) => {}
        // A file that ends early is damaged, as far as anybody can tell.
        (None, Error::Io { .. } | Error::Corrupt { .. }) => {}
        (_, other) => panic!("{what}: {other:?}"),
    }
}

/// Runs the script with operation `number` of each step failing once; what was tried.
fn run_with_single_faults(target: Target, number: usize, turn: usize) -> Patient {
    let mut patient = Patient::new();
    for (index, step) in steps().into_iter().enumerate() {
        let kind = match (target, (index + number + turn) % 2) {
            (_, 0) => Some(ErrorKind::Other),
            (Target::Changes, _) => Some(ErrorKind::StorageFull),
            (Target::Reads, _) => None,
        };
        let fault = kind.map_or(Fault::Short, Fault::Once);
        let next = patient.run.after(&step);
        patient.fail(target, number, fault);
        let outcome = run(&mut patient.run, &step);
        patient.faulty.heal();
        let failed = patient.faulty.take_failed();
        let what = format!("{fault:?} at {target:?} {number} of {step:?} {failed:?}");
        patient.tried += failed.len();
        let index_file = failed.iter().any(|(_, path)| path.extension().is_some_and(|it| it == "graph"));
        patient.lost_files |= target == Target::Reads && index_file && about_backups(&step);
        match outcome {
            Err(error) => {
                check_error(&error, kind, &failed, &what);
                patient.reads_go_on(&what);
                // What failed must not come to life when the process ends here. A backup may have come through all
                // the same, but for the answer.
                let in_flight = if about_backups(&step) { vec![next] } else { Vec::new() };
                patient.survives(&in_flight, about_backups(&step), &what);
                let step = again(&step);
                let next = patient.run.after(&step);
                run(&mut patient.run, &step).unwrap_or_else(|error| panic!("{what}, again: {error}"));
                patient.acknowledge(next, &what);
            }
            Ok(()) => {
                patient.unnoticed += failed.len();
                patient.acknowledge(next, &what);
                if !failed.is_empty() {
                    patient.survives(&[], about_backups(&step), &what);
                }
            }
        }
    }
    patient.survives(&[], true, &format!("{target:?} {number}, at the end"));
    patient
}

fn each_operation_fails_once(target: Target, turns: usize) -> (usize, usize) {
    let (mut tried, mut unnoticed) = (0, 0);
    for turn in 0..turns {
        for number in 0.. {
            let patient = run_with_single_faults(target, number, turn);
            if patient.tried == 0 {
                break;
            }
            tried += patient.tried;
            unnoticed += patient.unnoticed;
        }
    }
    (tried, unnoticed)
}

#[test]
fn each_change_may_fail_once() {
    let (tried, unnoticed) = each_operation_fails_once(Target::Changes, turns());
    println!("changes that failed once: {tried} tried, {unnoticed} of them nobody's loss, failures 0");
    assert!(tried > 400, "{tried}");
}

#[test]
fn each_read_may_fail_once_or_end_early() {
    let (tried, unnoticed) = each_operation_fails_once(Target::Reads, turns());
    println!(
        "reads that failed once or ended early: {tried} tried, {unnoticed} of them nobody's loss, failures 0"
    );
    assert!(tried > 200, "{tried}");
}

/// Each operation fails in one way; with more seeds in the other way, too.
fn turns() -> usize {
    let seeds = std::env::var("MUSTER_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    seeds.unwrap_or(1_usize).min(2)
}

/// Runs the script on a disk that stops working at change `number` of each step, until it was noticed.
fn run_with_lasting_faults(number: usize) -> Patient {
    let mut patient = Patient::new();
    for (index, step) in steps().into_iter().enumerate() {
        let kind = if (index + number).is_multiple_of(2) { ErrorKind::Other } else { ErrorKind::StorageFull };
        let next = patient.run.after(&step);
        patient.fail(Target::Changes, number, Fault::From(kind));
        let outcome = run(&mut patient.run, &step);
        let failed = patient.faulty.take_failed();
        let what = format!("{kind:?} from change {number} of {step:?} on, {failed:?}");
        patient.tried += failed.len().min(1);
        let mut in_flight = Vec::new();
        match &outcome {
            Err(error) => {
                check_error(error, Some(kind), &failed, &what);
                in_flight.push(next.clone());
            }
            Ok(()) => {
                patient.unnoticed += failed.len().min(1);
                patient.acknowledge(next, &what);
            }
        }
        if !failed.is_empty() {
            refuses_writes(&mut patient, &mut in_flight, kind, &what);
            patient.survives(&in_flight, about_backups(&step), &what);
        }
        patient.faulty.heal();
        patient.faulty.take_failed();
        if let Some(store) = &patient.run.store {
            // A commit that changes nothing: what was refused can be done again.
            store.commit(Changes::new().raise_mark("seq", 0)).unwrap();
        }
        if outcome.is_err() {
            let step = again(&step);
            let next = patient.run.after(&step);
            run(&mut patient.run, &step).unwrap_or_else(|error| panic!("{what}, healed: {error}"));
            patient.acknowledge(next, &what);
            // What was refused while the disk failed does not come to life either.
            patient.survives(&[], false, &what);
        }
    }
    patient
}

/// On a disk that fails: the first commit may find that out, those after it are refused by name; reads go on.
fn refuses_writes(patient: &mut Patient, in_flight: &mut Vec<Model>, kind: ErrorKind, what: &str) {
    let Some(store) = patient.run.store.clone() else { return };
    let mut with_mark = patient.run.model.clone();
    with_mark.apply(&[Action::Mark("other", 500)]);
    in_flight.push(with_mark);
    let mark = |which: &str| {
        let marked = store.commit(Changes::new().raise_mark("other", 500));
        let failed = || patient.faulty.take_failed();
        marked.map(drop).err().unwrap_or_else(|| panic!("{what}: the {which} write worked: {:?}", failed()))
    };
    let (first, second) = (mark("first"), mark("second"));
    let expected = match kind {
        ErrorKind::StorageFull => matches!(first, Error::DiskFull { .. } | Error::ReadOnly { .. }),
        _ => matches!(first, Error::Io { .. } | Error::ReadOnly { .. }),
    };
    assert!(expected, "{what}: {first:?}");
    assert!(matches!(second, Error::ReadOnly { .. }), "{what}: {second:?}");
    assert!(second.to_string().contains("read-only") && second.to_string().contains(DATABASE), "{second}");
    for step in [Step::Load("people", 500..520), Step::Compact("people", Effort::Full), Step::Backup(BACKUP)]
    {
        if patient.run.model.tables.contains_key("people") && !matches!(step, Step::Compact(..)) {
            assert!(run(&mut patient.run, &step).is_err(), "{what}: {step:?} on a disk that fails");
        }
    }
    patient.reads_go_on(what);
}

#[test]
fn a_disk_that_stops_working_at_any_change_makes_the_store_refuse_writes_and_go_on_reading() {
    let (mut tried, mut unnoticed) = (0, 0);
    for number in 0.. {
        let patient = run_with_lasting_faults(number);
        if patient.tried == 0 {
            break;
        }
        tried += patient.tried;
        unnoticed += patient.unnoticed;
    }
    println!(
        "changes from which the disk failed: {tried} tried, {unnoticed} of them nobody's loss, failures 0"
    );
    assert!(tried > 400, "{tried}");
}

#[test]
fn each_read_of_a_database_that_is_opened_and_used_may_fail() {
    let mut patient = Patient::new();
    for step in steps() {
        let next = patient.run.after(&step);
        run(&mut patient.run, &step).unwrap();
        patient.acknowledge(next, "without faults");
    }
    patient.run.store = None;
    let (content, mut tried) = (patient.run.model.content(), 0);
    for fault in [Fault::Once(ErrorKind::Other), Fault::Short] {
        for number in 0.. {
            let disk = patient.disk.crashed(Unsynced::Kept);
            let faulty = FaultyBackend::over(&disk);
            faulty.fail_read_at(number, fault);
            let use_it = || {
                let store = open(Arc::new(faulty.clone()), DATABASE)?;
                let observed = observe(&store)?;
                let found = store.check(&|_, _| true)?;
                store.backup(BACKUP.as_ref(), &|_| true)?;
                let to = format!("{RESTORED} anew");
                let backend: Arc<dyn Backend> = Arc::new(faulty.clone());
                restore(&backend, BACKUP.as_ref(), to.as_ref(), &|_| true)?;
                Ok::<_, Error>((observed, found))
            };
            let outcome = use_it();
            faulty.heal();
            let failed = faulty.take_failed();
            let what = format!("{fault:?} at read {number}: {failed:?}");
            if failed.is_empty() {
                break;
            }
            tried += 1;
            let names = |text: String| failed.iter().any(|(_, path)| text.contains(&*path.to_string_lossy()));
            match outcome {
                Err(error) => assert!(names(error.to_string()), "{what}: {error}"),
                Ok((observed, found)) => {
                    assert!(observed.content == content, "{what}");
                    let named = found.iter().all(|finding| names(finding.path.display().to_string()));
                    assert!(named, "{what}: {found:?}");
                }
            }
            let store =
                open(Arc::new(faulty.clone()), DATABASE).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(observe(&store).unwrap().content == content, "{what}");
        }
    }
    println!(
        "reads of an open, a scan, a check, a backup and a restore that failed: {tried} tried, failures 0"
    );
    assert!(tried > 100, "{tried}");
}

/// Table `t` with its first rows still in the journal.
fn unsealed(faulty: &FaultyBackend) -> Store {
    let store = open(Arc::new(faulty.clone()), DATABASE).unwrap();
    let create = Changes::new().create_table("t", rows::schema(), rows::primary_key(), Default::default());
    store.commit(create.put("t", rows::rows(0..5, 0))).unwrap();
    store.commit(Changes::new().put("t", rows::rows(5..8, 0))).unwrap();
    store
}

/// What a process finds after a power cut.
fn found_after(disk: &MemoryBackend) -> rows::Content {
    let store = open(Arc::new(disk.crashed(Unsynced::Lost)), DATABASE).unwrap();
    assert_eq!(store.check(&|_, _| true).unwrap(), []);
    rows::read(&store.snapshot()).unwrap()
}

#[test]
fn a_checkpoint_that_takes_up_writing_again_seals_each_row_once() {
    let disk = MemoryBackend::crashable();
    let faulty = FaultyBackend::over(&disk);
    let store = unsealed(&faulty);
    faulty.fail_next(Fault::From(ErrorKind::Other));
    store.commit(Changes::new().put("t", rows::rows(20..21, 0))).map(drop).unwrap_err();
    faulty.heal();
    store.checkpoint().unwrap();
    assert_eq!(found_after(&disk), rows::content(0..8, 0));
}

#[test]
fn a_journal_written_anew_during_a_checkpoint_does_not_bring_rows_back_that_are_sealed() {
    let disk = MemoryBackend::crashable();
    let faulty = FaultyBackend::over(&disk);
    let store = unsealed(&faulty);
    let before = faulty.changes();
    store.commit(Changes::new().put("t", rows::rows(8..9, 0))).unwrap();
    let operations = faulty.operations();
    let sync = operations[before..].iter().position(|(operation, _)| *operation == Operation::Sync).unwrap();
    let (once, other, disk_of_both) = (Arc::new(AtomicBool::new(true)), store.clone(), faulty.clone());
    let failed = Arc::new(AtomicBool::new(false));
    let note = failed.clone();
    faulty.watch(move |_, operation, path| {
        let segment = operation == Operation::Create && path.extension().is_some_and(|it| it == "parquet");
        if segment && once.swap(false, Ordering::Relaxed) {
            disk_of_both.fail_at(disk_of_both.changes() + sync, Fault::Once(ErrorKind::Other));
            note.store(
                other.commit(Changes::new().put("t", rows::rows(9..10, 0))).is_err(),
                Ordering::Relaxed,
            );
            disk_of_both.heal();
        }
    });
    store.checkpoint().unwrap();
    faulty.watch(|_, _, _| {});
    assert!(failed.load(Ordering::Relaxed), "the sync of a commit failed while rows were sealed");
    assert_eq!(rows::read(&store.snapshot()).unwrap(), rows::content(0..9, 0));
    assert_eq!(found_after(&disk), rows::content(0..9, 0));
    store.checkpoint().unwrap();
    assert_eq!(found_after(&disk), rows::content(0..9, 0));
}
