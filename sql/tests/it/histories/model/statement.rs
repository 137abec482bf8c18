//! The answers to statements: those that read, change rows, or define.

use super::effect::Effect;
use super::relation::Content;
use super::transaction::{Definition, Transaction};
use super::{Answer, Model, Possible};
use crate::histories::action::{Action, Conflict, Table};

impl Action {
    /// The tables that must be there when the statement is planned.
    fn needs(&self) -> Vec<Table> {
        let (table, beside) = match self {
            Action::Insert { table, .. } | Action::Merge { table, .. } => (*table, None),
            Action::Copy { table, from, .. } => (*table, Some(*from)),
            Action::Update { table, filter, .. }
            | Action::Delete { table, filter, .. }
            | Action::Select { table, filter, .. }
            | Action::Count { table, filter } => (*table, filter.reads()),
            _ => return Vec::new(),
        };
        [table].into_iter().chain(beside).collect()
    }

    /// Whether a read-only block takes it.
    fn only_reads(&self) -> bool {
        matches!(
            self,
            Action::Select { .. } | Action::Count { .. } | Action::Fail | Action::Analyze | Action::Vacuum(_)
        )
    }

    fn returning(&self) -> bool {
        match self {
            Action::Insert { returning, .. }
            | Action::Update { returning, .. }
            | Action::Delete { returning, .. } => *returning,
            _ => false,
        }
    }
}

impl Model {
    /// The answers to a statement, in a block that has not failed or in none.
    pub(super) fn statement(&self, session: usize, action: &Action) -> Vec<Possible> {
        let block = self.blocks[session].as_ref();
        let content = block.map_or(&self.latest, |block| &block.state.draft);
        let refused = |state: &str| vec![self.refused(session, state)];
        let read_only = block.is_some_and(|block| block.read_only) && !action.only_reads();
        // What is wrong with its meaning is told before what its block does not take, unless it was prepared before.
        let mut early = None;
        if action.needs().iter().any(|table| !content.contains_key(table)) {
            early = Some("42P01");
        } else if !has_arbiter(action) {
            early = Some("42P10");
        }
        if let Some(state) = early {
            let mut answers = refused(state);
            if self.kept && read_only {
                answers.extend(refused("25006"));
            }
            return answers;
        }
        if read_only {
            return refused("25006");
        }
        match action {
            Action::Fail => refused("22012"),
            Action::Vacuum(_) if block.is_some() => refused("25001"),
            Action::Vacuum(Some(table)) | Action::Truncate(table) if !content.contains_key(table) => {
                refused("42P01")
            }
            Action::Vacuum(_) | Action::Analyze => vec![(Answer::Done(0), self.clone())],
            Action::Select { table, filter, star } => {
                let rows = content[table].rows.values().filter(|row| filter.takes(row, content));
                let width = if *star { usize::MAX } else { 3 };
                let rows = rows.map(|row| row.iter().copied().take(width).collect());
                vec![(Answer::rows(rows), self.clone())]
            }
            Action::Count { table, filter } => {
                let rows = content[table].rows.values().filter(|row| filter.takes(row, content));
                let count = i64::try_from(rows.count()).ok();
                vec![(Answer::rows([vec![count]]), self.clone())]
            }
            Action::Create { .. } | Action::Drop { .. } | Action::AddColumn { .. } => {
                vec![self.definition(session, action, content)]
            }
            change => self.change(session, change, content),
        }
    }

    fn definition(&self, session: usize, action: &Action, content: &Content) -> Possible {
        let mut after = self.clone();
        let there = |table: &Table| content.contains_key(table);
        let definition = match action {
            Action::Create { table, if_not_exists } if there(table) => {
                return if *if_not_exists {
                    (Answer::Done(0), after)
                } else {
                    self.refused(session, "42P07")
                };
            }
            Action::Create { table, .. } => Definition::Create(*table, after.number()),
            Action::Drop { table, if_exists } if !there(table) => {
                return if *if_exists { (Answer::Done(0), after) } else { self.refused(session, "42P01") };
            }
            Action::Drop { table, .. } => Definition::Drop(*table),
            Action::AddColumn { table, .. } if !there(table) => return self.refused(session, "42P01"),
            Action::AddColumn { table, column } if content[table].has_column(*column) => {
                return self.refused(session, "42701");
            }
            Action::AddColumn { table, column } => Definition::AddColumn(*table, *column, after.number()),
            other => panic!("{other:?} defines nothing"),
        };
        after.in_transaction(session, |transaction, _, _| transaction.define(definition));
        (Answer::Done(0), after)
    }

    fn change(&self, session: usize, action: &Action, content: &Content) -> Vec<Possible> {
        let table = match action {
            Action::Truncate(table) => *table,
            other => other.needs()[0],
        };
        let effect = match Effect::of(action, &content[&table], content) {
            Ok(effect) => effect,
            Err(states) => return states.into_iter().map(|state| self.refused(session, state)).collect(),
        };
        let answer = if action.returning() {
            Answer::rows(effect.returned.iter().map(|row| row[..3].to_vec()))
        } else {
            Answer::Done(effect.changed)
        };
        let mut after = self.clone();
        let changed = after.in_transaction(session, |transaction, latest, next| {
            transaction.change_rows(table, effect, latest, next)
        });
        match changed {
            Ok(()) => vec![(answer, after)],
            // Which of the two is found first says nothing.
            Err(refusal) => [(refusal.lost, "40001"), (refusal.duplicate, "23505")]
                .into_iter()
                .filter(|(is_so, _)| *is_so)
                .map(|(_, state)| self.refused(session, state))
                .collect(),
        }
    }

    /// Works on the session's block, or on a transaction of the statement's own, which is committed.
    fn in_transaction<T>(
        &mut self,
        session: usize,
        work: impl FnOnce(&mut Transaction, &Content, &mut u64) -> T,
    ) -> T {
        if let Some(block) = &mut self.blocks[session] {
            return work(block, &self.latest, &mut self.next);
        }
        let mut own = Transaction::new(self.latest.clone());
        let done = work(&mut own, &self.latest, &mut self.next);
        // Nobody comes between. What fails is taken from the state before.
        if let Ok(latest) = own.commit(self.latest.clone(), &mut self.next) {
            self.latest = latest;
        }
        done
    }
}

/// Whether the constraint is there that an ON CONFLICT is about.
fn has_arbiter(action: &Action) -> bool {
    let Action::Insert { table, conflict: Some(conflict), .. } = action else { return true };
    match conflict {
        Conflict::Nothing => true,
        Conflict::NothingOnId | Conflict::Add | Conflict::Raise => *table != Table::C,
        Conflict::MoveId => *table == Table::B,
    }
}
