//! Random histories: statements of several sessions, one after the other, against a model of snapshot isolation.
//!
//! Each answer of the database must be one that the model allows: the same rows, or the same SQLSTATE. At the end, and
//! after opening the folder again, the rows are the model's. The histories that once went wrong are kept: the seeds in
//! `regressions.txt`, and written out in [`regressions`].

mod action;
mod answer;
mod model;
mod regressions;
mod run;
mod sql;

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseError, TestError, TestRunner};

use self::action::{Action, action};
use self::model::Model;
use self::run::Run;

/// The most sessions of a history.
const SESSIONS: usize = 5;

/// The actions of a history, each by the session that does it.
type History = Vec<(usize, Action)>;

/// Runs a history.
///
/// # Errors
/// Its actions up to the answer that the model does not allow.
async fn check(sessions: usize, kept: bool, history: &History) -> Result<(), String> {
    let mut run = Run::new(sessions, kept).await;
    let mut model = Model::new(sessions, kept);
    let mut told = String::new();
    for (session, action) in history {
        let session = session % sessions;
        let answer = run.answer(session, action).await;
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
    compare(&run, &model, None, &format!("{told}reopened\n")).await
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

#[test]
fn every_answer_is_one_of_snapshot_isolation() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let regressions = FileFailurePersistence::Direct("tests/it/histories/regressions.txt");
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(regressions)),
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    };
    let history = (2..=SESSIONS, any::<bool>(), vec((0..SESSIONS, action()), 1..=60));
    let result = TestRunner::new(config).run(&history, |(sessions, kept, history)| {
        runtime.block_on(check(sessions, kept, &history)).map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n\nin {history:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
