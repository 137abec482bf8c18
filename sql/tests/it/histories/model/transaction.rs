//! A transaction of the model: the content of its start, and what it has made of that.

use std::collections::BTreeMap;

use super::super::action::Table;
use super::effect::Effect;
use super::relation::{Content, Relation};

/// A change of a definition, as COMMIT does it again on what is there then.
#[derive(Clone, Debug)]
pub(crate) enum Definition {
    Create(Table, u64),
    Drop(Table),
    AddColumn(Table, u8, u64),
}

/// What a savepoint keeps.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) draft: Content,
    definitions: Vec<Definition>,
    /// Of the tables of the start that it changes, by number: name and version.
    touched: BTreeMap<u64, (Table, u64)>,
    wrote: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Savepoint {
    pub(crate) name: u8,
    pub(crate) state: State,
    pub(crate) read_only: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    base: Content,
    pub(crate) state: State,
    pub(crate) savepoints: Vec<Savepoint>,
    pub(crate) failed: bool,
    pub(crate) read_only: bool,
}

/// Somebody who committed before has changed what this relies on.
#[derive(Debug)]
pub(crate) struct Lost;

/// Why rows could not be changed.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// A row is gone that was there at the start.
    pub(crate) lost: bool,
    pub(crate) duplicate: bool,
}

impl Transaction {
    pub(crate) fn new(base: Content) -> Self {
        let draft = base.clone();
        let state = State { draft, definitions: Vec::new(), touched: BTreeMap::new(), wrote: false };
        Self { base, state, savepoints: Vec::new(), failed: false, read_only: false }
    }

    /// Changes the rows of a table that is there. It is told at once of rows that others have changed since the start, if
    /// their table is still there.
    pub(crate) fn change_rows(
        &mut self,
        table: Table,
        effect: Effect,
        latest: &Content,
        next: &mut u64,
    ) -> Result<(), Refusal> {
        if effect.deleted.is_empty() && effect.put.is_empty() {
            return Ok(());
        }
        let relation = &self.state.draft[&table];
        let base = self.base.values().find(|base| base.number == relation.number);
        let now = latest.get(&table).filter(|now| now.number == relation.number);
        let gone = |number: &u64| {
            base.is_some_and(|base| base.rows.contains_key(number))
                && now.is_some_and(|now| !now.rows.contains_key(number))
        };
        let mut refusal = Refusal { lost: effect.deleted.iter().any(gone), duplicate: false };
        self.touch(table);
        let relation = self.state.draft.get_mut(&table).unwrap();
        apply(relation, effect.deleted, effect.put, next);
        refusal.duplicate = !relation.is_unique();
        if refusal.lost || refusal.duplicate {
            return Err(refusal);
        }
        self.state.wrote = true;
        Ok(())
    }

    /// Changes a definition. What it is about is there, or is not, as it must be.
    pub(crate) fn define(&mut self, definition: Definition) {
        if let Definition::Drop(table) | Definition::AddColumn(table, ..) = definition {
            self.touch(table);
        }
        assert!(define(&mut self.state.draft, &definition));
        self.state.definitions.push(definition);
        self.state.wrote = true;
    }

    fn touch(&mut self, table: Table) {
        let number = self.state.draft[&table].number;
        if let Some(base) = self.base.values().find(|base| base.number == number) {
            self.state.touched.insert(number, (base.table, base.version));
        }
    }

    /// What the latest content becomes: the first who commits wins.
    ///
    /// # Errors
    /// [`Lost`] for a table that was altered, dropped or made since, a row that is gone, a key that is taken.
    pub(crate) fn commit(self, mut latest: Content, next: &mut u64) -> Result<Content, Lost> {
        if !self.state.wrote {
            return Ok(latest);
        }
        for (number, (table, version)) in &self.state.touched {
            latest.get(table).filter(|now| (now.number, now.version) == (*number, *version)).ok_or(Lost)?;
        }
        for definition in &self.state.definitions {
            if !define(&mut latest, definition) {
                return Err(Lost);
            }
        }
        for (table, relation) in self.state.draft {
            let nothing = BTreeMap::new();
            let base = self.base.values().find(|base| base.number == relation.number);
            let base = base.map_or(&nothing, |base| &base.rows);
            let deleted: Vec<u64> =
                base.keys().copied().filter(|number| !relation.rows.contains_key(number)).collect();
            let put: Vec<_> =
                relation.rows.into_iter().filter(|(number, _)| !base.contains_key(number)).collect();
            if deleted.is_empty() && put.is_empty() {
                continue;
            }
            let now = latest.get_mut(&table).ok_or(Lost)?;
            if deleted.iter().any(|number| !now.rows.contains_key(number)) {
                return Err(Lost);
            }
            apply(now, deleted, put.into_iter().map(|(_, row)| row).collect(), next);
            if !now.is_unique() {
                return Err(Lost);
            }
        }
        Ok(latest)
    }
}

fn apply(relation: &mut Relation, deleted: Vec<u64>, put: Vec<super::Row>, next: &mut u64) {
    for number in deleted {
        assert!(relation.rows.remove(&number).is_some());
    }
    for row in put {
        *next += 1;
        relation.rows.insert(*next, row);
    }
}

/// Whether it could be done.
fn define(content: &mut Content, definition: &Definition) -> bool {
    match definition {
        Definition::Create(table, _) if content.contains_key(table) => false,
        Definition::Create(table, number) => content.insert(*table, Relation::new(*table, *number)).is_none(),
        Definition::Drop(table) => content.remove(table).is_some(),
        Definition::AddColumn(table, column, version) => {
            content.get_mut(table).map(|relation| relation.add_column(*column, *version)).is_some()
        }
    }
}
