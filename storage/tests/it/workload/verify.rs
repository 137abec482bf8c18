//! What must be true of a database after whatever happened to its disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use muster_storage::{Backend, Changes, Error, MemoryBackend, Store, restore};

use super::cells;
use super::model::{Content, Model};
use super::observe::{Observed, observe};
use super::{Action, DATABASE, open, run};

/// Which row has had which row id, so that none is given out twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// The row's id by table number and row id.
    rows: BTreeMap<(u64, u64), i64>,
    /// The largest number of a table so far.
    newest_table: Option<u64>,
}

impl Ledger {
    /// Takes note of what an acknowledged database shows.
    pub(crate) fn note(&mut self, store: &Store, observed: &Observed, model: &Model) {
        let newest = store.snapshot().tables().map(|table| table.definition().id.0).max();
        self.newest_table = self.newest_table.max(newest);
        for (place, row) in rows(store, observed, model) {
            let before = self.rows.insert(place, row);
            assert!(
                before.is_none_or(|before| before == row),
                "row id {place:?} was row {before:?}, is {row}"
            );
        }
    }

    fn largest(&self, table: u64) -> Option<u64> {
        self.rows.range((table, 0)..=(table, u64::MAX)).next_back().map(|((_, id), _)| *id)
    }
}

/// The rows of a store that holds what the model says, by table number and row id.
fn rows(store: &Store, observed: &Observed, model: &Model) -> Vec<((u64, u64), i64)> {
    let snapshot = store.snapshot();
    let mut by_cells = BTreeMap::new();
    for table in snapshot.tables() {
        let definition = table.definition();
        for (id, cells) in &model.tables[&definition.name].rows {
            by_cells.insert((definition.id.0, cells), *id);
        }
    }
    observed.row_ids.iter().map(|((table, id), cells)| ((*table, *id), by_cells[&(*table, cells)])).collect()
}

/// What is known at a moment: what was acknowledged, and what was being done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    pub(crate) acknowledged: Model,
    /// Other models that may be found, wholly.
    pub(crate) in_flight: Vec<Model>,
    pub(crate) ledger: Ledger,
    /// Whether backups may lack index files: one that could not be read when a backup was taken is left out.
    pub(crate) lost_files: bool,
}

impl Moment {
    fn models(&self) -> impl Iterator<Item = &Model> {
        std::iter::once(&self.acknowledged).chain(&self.in_flight)
    }

    /// The model that a store holds exactly.
    fn found(&self, observed: &Observed) -> Result<&Model, String> {
        if observed.damaged_files > 0 {
            return Err(format!("{} index files are damaged", observed.damaged_files));
        }
        let is_it = |model: &&Model| {
            model.content() == observed.content && model.files(&observed.segments) == observed.files
        };
        self.models().find(is_it).ok_or_else(|| {
            let acknowledged = self.acknowledged.content();
            format!("neither before nor after: {}", difference(&observed.content, &acknowledged))
        })
    }
}

/// Where two contents differ, for a person.
pub(crate) fn difference(found: &Content, expected: &Content) -> String {
    let mut lines = Vec::new();
    for name in found.tables.keys().chain(expected.tables.keys()).collect::<BTreeSet<_>>() {
        let (found, expected) = (found.tables.get(name), expected.tables.get(name));
        if found != expected {
            lines.push(format!("table {name}: found {found:?}, acknowledged {expected:?}"));
        }
    }
    if (&found.objects, &found.marks) != (&expected.objects, &expected.marks) {
        lines.push(format!(
            "found {:?} {:?}, acknowledged {:?} {:?}",
            found.objects, found.marks, expected.objects, expected.marks
        ));
    }
    lines.join("\n")
}

/// Opens what is on a disk, and says what is wrong with it. `backups` has backups and restored databases looked at too.
pub(crate) fn verify(disk: &MemoryBackend, moment: &Moment, backups: bool) -> Result<(), String> {
    let said = |error: Error| error.to_string();
    let backend: Arc<dyn Backend> = Arc::new(disk.clone());
    if backups {
        verify_backups(&backend, moment)?;
    }
    let store = open(backend.clone(), DATABASE).map_err(said)?;
    let observed = observe(&store).map_err(said)?;
    let model = moment.found(&observed)?.clone();
    let findings = store.check(&|_, _| true).map_err(said)?;
    if !findings.is_empty() {
        return Err(format!("a check found {findings:?}"));
    }
    for (place, row) in rows(&store, &observed, &model) {
        if moment.ledger.rows.get(&place).is_some_and(|before| *before != row) {
            return Err(format!("row id {place:?} is given out twice"));
        }
    }
    goes_on(&store, &model, moment)
}

/// Whether a store can be written, and gives out no number twice.
fn goes_on(store: &Store, model: &Model, moment: &Moment) -> Result<(), String> {
    let said = |error: Error| error.to_string();
    const NEW: i64 = 900;
    let mut expected = model.clone();
    let mut changes = Changes::new();
    for name in model.tables.keys() {
        let name = name.clone();
        let (rows, schema) = ([NEW, NEW + 1], &model.tables[&name].schema);
        changes = changes.put(&name, cells::rows(schema, &rows, 0));
        let texts = cells::texts(&cells::rows(schema, &rows, 0));
        expected.tables.get_mut(&name).expect("it is there").rows.extend(rows.into_iter().zip(texts));
    }
    let fresh = [Action::Create("fresh"), Action::Put("fresh", 0..2), Action::Mark("other", 1000)];
    let changes = changes.and(run::changes(&store.snapshot(), model, &fresh));
    expected.apply(&fresh);
    store.commit(changes).map_err(said)?;
    store.checkpoint().map_err(said)?;
    let observed = observe(store).map_err(said)?;
    if observed.content != expected.content() {
        return Err(format!("after new commits: {}", difference(&observed.content, &expected.content())));
    }
    for ((table, id), row) in rows(store, &observed, &expected) {
        if row >= NEW && moment.ledger.largest(table).is_some_and(|largest| id <= largest) {
            return Err(format!("row id {id} of table {table} is given out twice"));
        }
    }
    let fresh = store.snapshot().table("fresh").expect("it was made").definition().id.0;
    if moment.ledger.newest_table.is_some_and(|newest| fresh <= newest) {
        return Err(format!("table number {fresh} is given out twice"));
    }
    // A key that is there is refused.
    if let Some(people) = expected.tables.get("people") {
        let again = store.commit(Changes::new().put("people", cells::rows(&people.schema, &[NEW], 1)));
        if !matches!(again, Err(Error::DuplicateKey { .. })) {
            return Err(format!("a key twice: {:?}", again.map(drop)));
        }
    }
    Ok(())
}

/// Backups are those before or after, wholly; what was restored is all there, or no database.
fn verify_backups(backend: &Arc<dyn Backend>, moment: &Moment) -> Result<(), String> {
    let exists = |path: &Path| backend.exists(path).unwrap_or_default();
    let holds = |dir: &str, allowed: &[&Content], what: &str| {
        let store = open(backend.clone(), dir).map_err(|error| format!("{what}: {error}"))?;
        let observed = observe(&store).map_err(|error| format!("{what}: {error}"))?;
        match allowed.contains(&&observed.content) && (observed.damaged_files == 0 || moment.lost_files) {
            true => Ok(()),
            false => Err(format!("{what} is none that was made: {:?}", observed.content)),
        }
    };
    let folders = |of: fn(&Model) -> &BTreeMap<std::path::PathBuf, Content>| {
        moment.models().flat_map(move |model| of(model).keys()).collect::<BTreeSet<_>>()
    };
    for (number, folder) in folders(|model| &model.restored).into_iter().enumerate() {
        let whole = moment.acknowledged.restored.get(folder);
        if whole.is_none() && !exists(&folder.join("journal.redb")) {
            continue;
        }
        let allowed: Vec<_> = moment.models().filter_map(|model| model.restored.get(folder)).collect();
        holds(&folder.to_string_lossy(), &allowed, &format!("restored database {number}"))?;
    }
    for (number, folder) in folders(|model| &model.backups).into_iter().enumerate() {
        let to = format!("/verify/{number}");
        match restore(backend, folder, Path::new(&to), &|_| true) {
            Ok(_) => {}
            Err(Error::Folder { .. }) if !moment.acknowledged.backups.contains_key(folder) => continue,
            Err(error) => return Err(format!("a backup is not restored: {error}")),
        }
        let allowed: Vec<_> = moment.models().filter_map(|model| model.backups.get(folder)).collect();
        holds(&to, &allowed, "a restored backup")?;
    }
    Ok(())
}
