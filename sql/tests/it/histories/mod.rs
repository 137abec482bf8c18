//! Random histories: statements of several sessions, one after the other, against a model of snapshot isolation.
//!
//! Each answer of the database must be one that the model allows: the same rows, or the same SQLSTATE. At the end, and
//! after opening the folder again, the rows are the model's. The histories that once went wrong are kept: the seeds in
//! `regressions.txt`, and written out in [`regressions`].

mod action;
mod answer;
mod history;
mod model;
mod regressions;
mod run;
mod sql;

use std::cell::Cell;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseError, TestError, TestRunner};

use self::action::{Action, Table};
use self::answer::Answer;
use self::history::{SESSIONS, history};
use self::model::Model;
use self::run::Run;

/// What each history begins with: rows that sessions may meet over.
fn first_rows() -> impl Iterator<Item = (usize, Action)> {
    let rows = |table| {
        let rows = (0..6).map(|id| [Some(id), (id < 3).then_some(id), Some(id + 2)]).collect();
        (0, Action::Insert { table, rows, conflict: None, returning: false })
    };
    [rows(Table::A), rows(Table::B)].into_iter()
}

/// Runs a history, and gives how many transactions lost to others.
///
/// # Errors
/// Its actions up to the answer that the model does not allow.
async fn check(sessions: usize, kept: bool, history: &[(usize, Action)]) -> Result<usize, String> {
    let mut run = Run::new(sessions, kept).await;
    let mut model = Model::new(sessions, kept);
    let mut told = String::new();
    let mut conflicts = 0;
    for (session, action) in first_rows().chain(history.iter().cloned()) {
        let (session, action) = (session % sessions, &action);
        let answer = run.answer(session, action).await;
        conflicts += usize::from(answer == Answer::refused("40001"));
        let what = action.sql().unwrap_or_else(|| format!("{action:?}"));
        writeln!(told, "{session}: {what} -> {answer:?}").unwrap();
        let mut possible = model.answers(session, action);
        match possible.iter().position(|(allowed, _)| *allowed == answer) {
            Some(place) => model = possible.swap_remove(place).1,
            None => {
                let allowed: Vec<_> = possible.into_iter().map(|(allowed, _)| allowed).collect();
                return Err(format!("{told}the model allows {allowed:?}"));
            }
        }
    }
    // What each session sees, then what is committed, before and after opening again.
    for session in 0..sessions {
        compare(&run, &model, Some(session), &told).await?;
    }
    compare(&run, &model, None, &told).await?;
    run.answer(0, &Action::Reopen).await;
    compare(&run, &model, None, &format!("{told}reopened\n")).await?;
    Ok(conflicts)
}

async fn compare(run: &Run, model: &Model, session: Option<usize>, told: &str) -> Result<(), String> {
    for (table, expected) in model.rows(session) {
        let found = run.rows(session, table).await;
        if found != expected {
            let name = table.name();
            return Err(format!("{told}session {session:?} sees in {name}: {found:?}, not {expected:?}"));
        }
    }
    Ok(())
}

/// Half of the cases that are asked for: there are two tests, which run at the same time.
fn check_histories(kept: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let default = ProptestConfig::default();
    let regressions = FileFailurePersistence::Direct("tests/it/histories/regressions.txt");
    let config = ProptestConfig {
        cases: default.cases.div_ceil(2),
        failure_persistence: Some(Box::new(regressions)),
        max_shrink_iters: 2000,
        ..default
    };
    let cases = config.cases as usize;
    let conflicts = Cell::new(0);
    let sessions = prop_oneof![3 => Just(2), 2 => Just(3), 1 => 4..=SESSIONS];
    let result = TestRunner::new(config).run(&(sessions, history()), |(sessions, history)| {
        let lost = runtime.block_on(check(sessions, kept, &history)).map_err(TestCaseError::fail)?;
        conflicts.set(conflicts.get() + lost);
        Ok(())
    });
    match result {
        Ok(()) => {
            println!("{cases} histories, {} conflicts", conflicts.get());
            // Sessions that never meet would show nothing.
            assert!(cases < 64 || conflicts.get() > cases / 8, "{} conflicts are too few", conflicts.get());
        }
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n\nin {history:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

#[test]
fn every_answer_is_one_of_snapshot_isolation() {
    check_histories(false);
}

#[test]
fn every_answer_to_a_prepared_statement_is_one_of_snapshot_isolation() {
    check_histories(true);
}
