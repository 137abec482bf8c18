//! Histories that went wrong once, as short as they could be made.

use super::action::{Action, Filter, Table};
use super::check;

const BEGIN: Action = Action::Begin { read_only: false };

async fn run(history: Vec<(usize, Action)>) {
    for kept in [false, true] {
        if let Err(wrong) = check(2, kept, &history).await {
            panic!("{wrong}");
        }
    }
}

#[tokio::test]
async fn no_transaction_loses_to_statistics() {
    run(vec![(0, BEGIN), (1, Action::Analyze), (0, Action::Analyze), (0, Action::Commit)]).await;
}

#[tokio::test]
async fn a_block_that_only_reads_takes_analyze_and_refuses_vacuum_as_any_block() {
    let begin = Action::Begin { read_only: true };
    run(vec![(0, begin), (0, Action::Analyze), (0, Action::Vacuum(None)), (0, Action::Rollback)]).await;
}

#[tokio::test]
async fn read_only_after_a_savepoint_ends_with_it() {
    let delete = || Action::Delete { table: Table::A, filter: Filter::All, returning: false };
    let only_read = Action::Begin { read_only: true };
    for end in [Action::RollbackTo(0), Action::Release(0)] {
        let block = [BEGIN, Action::Savepoint(0), only_read.clone(), end, delete(), Action::Commit];
        run(block.into_iter().map(|action| (0, action)).collect()).await;
    }
}
