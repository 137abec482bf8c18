//! What a statement that changes rows comes to, on the rows that it sees.
//!
//! Constraints hold at the end of a statement, not after each of its rows. Where several rows, or one row in several
//! ways, are wrong, which violation is told is left open: any of them, and no other.

use super::super::action::{Action, Conflict, NewRow};
use super::super::answer::Row;
use super::relation::{Content, Relation, States};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Effect {
    pub(crate) deleted: Vec<u64>,
    pub(crate) put: Vec<Row>,
    /// How many rows it counts.
    pub(crate) changed: u64,
    /// What RETURNING gives of each.
    pub(crate) returned: Vec<Row>,
}

impl Effect {
    /// What the action does to the rows of `relation`, which is one of `content`.
    ///
    /// # Errors
    /// What may be told instead. Keys are not checked.
    pub(crate) fn of(action: &Action, relation: &Relation, content: &Content) -> Result<Self, States> {
        match action {
            Action::Insert { rows, conflict: None, .. } => insert(relation, rows),
            Action::Insert { rows, conflict: Some(conflict), .. } => upsert(relation, rows, *conflict),
            Action::Copy { from, add, .. } => {
                let shifted = |row: &Row| [row[0].map(|id| id + add), row[1], row[2]];
                insert(relation, &content[from].rows.values().map(shifted).collect::<Vec<_>>())
            }
            Action::Update { set, filter, .. } => {
                let mut effect = Self::default();
                let mut wrong = States::new();
                for (number, row) in &relation.rows {
                    if !filter.takes(row, content) {
                        continue;
                    }
                    match set.of(row) {
                        Some(new) => {
                            wrong.extend(relation.check(&new));
                            effect.update(*number, new);
                        }
                        None => drop(wrong.insert("22012")),
                    }
                }
                effect.unless(wrong)
            }
            Action::Delete { filter, .. } => {
                let mut effect = Self::default();
                for (number, row) in relation.rows.iter().filter(|(_, row)| filter.takes(row, content)) {
                    effect.delete(*number);
                    effect.returned.push(row.clone());
                }
                Ok(effect)
            }
            Action::Merge { rows, .. } => merge(relation, rows),
            Action::Truncate(_) => {
                Ok(Self { deleted: relation.rows.keys().copied().collect(), ..Self::default() })
            }
            other => panic!("{other:?} changes no rows"),
        }
    }

    fn delete(&mut self, number: u64) {
        self.deleted.push(number);
        self.changed += 1;
    }

    fn insert(&mut self, row: Row) {
        self.returned.push(row.clone());
        self.put.push(row);
        self.changed += 1;
    }

    fn update(&mut self, number: u64, row: Row) {
        self.deleted.push(number);
        self.insert(row);
    }

    fn unless(self, wrong: States) -> Result<Self, States> {
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }
}

fn insert(relation: &Relation, rows: &[NewRow]) -> Result<Effect, States> {
    let mut effect = Effect::default();
    let mut wrong = States::new();
    for row in rows {
        let row = relation.complete(*row);
        wrong.extend(relation.check(&row));
        effect.insert(row);
    }
    effect.unless(wrong)
}

fn upsert(relation: &Relation, rows: &[NewRow], conflict: Conflict) -> Result<Effect, States> {
    let arbiters: &[usize] = match conflict {
        Conflict::Nothing => relation.keys(),
        Conflict::NothingOnId | Conflict::Add | Conflict::Raise => &[0],
        Conflict::MoveId => &[1],
    };
    let mut wrong = States::new();
    let mut effect = Effect::default();
    // The rows that the statement itself has put, inserted or updated.
    let mut own: Vec<Row> = Vec::new();
    for row in rows {
        let row = relation.complete(*row);
        wrong.extend(relation.check(&row));
        let there = arbiters.iter().find_map(|key| relation.find(*key, row[*key]));
        let updated = |there: u64| updated(&relation.rows[&there], &row, conflict);
        if own.iter().any(|own| arbiters.iter().any(|key| row[*key].is_some() && own[*key] == row[*key])) {
            if matches!(conflict, Conflict::Add | Conflict::Raise | Conflict::MoveId) {
                wrong.insert("21000");
                wrong.extend(there.and_then(updated).iter().flat_map(|row| relation.check(row)));
            }
            continue;
        }
        let Some(there) = there else {
            own.push(row.clone());
            effect.insert(row);
            continue;
        };
        if let Some(updated) = updated(there) {
            wrong.extend(relation.check(&updated));
            own.push(updated.clone());
            effect.update(there, updated);
        }
    }
    effect.unless(wrong)
}

/// The row that DO UPDATE makes of the one that is there, if it makes any.
fn updated(there: &Row, excluded: &Row, conflict: Conflict) -> Option<Row> {
    let mut row = there.clone();
    match conflict {
        Conflict::Nothing | Conflict::NothingOnId => return None,
        Conflict::Add => row[2] = there[2].zip(excluded[2]).map(|(there, excluded)| there + excluded),
        Conflict::Raise => {
            there[2].zip(excluded[2]).filter(|(there, excluded)| there < excluded)?;
            (row[1], row[2]) = (excluded[1], excluded[2]);
        }
        Conflict::MoveId => row[0] = excluded[0],
    }
    Some(row)
}

fn merge(relation: &Relation, source: &[(i64, i64)]) -> Result<Effect, States> {
    let mut effect = Effect::default();
    let mut wrong = States::new();
    for (id, n) in source {
        let matched: Vec<_> = relation.rows.iter().filter(|(_, row)| row[0] == Some(*id)).collect();
        if matched.is_empty() {
            let row = relation.complete([Some(*id), None, Some(*n)]);
            wrong.extend(relation.check(&row));
            effect.insert(row);
        }
        for (number, row) in matched {
            if effect.deleted.contains(number) {
                wrong.insert("21000");
            } else if *n == 0 {
                effect.delete(*number);
            } else {
                let mut row = row.clone();
                row[2] = Some(*n);
                wrong.extend(relation.check(&row));
                effect.update(*number, row);
            }
        }
    }
    effect.unless(wrong)
}
