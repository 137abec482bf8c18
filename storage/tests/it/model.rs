//! Random histories: the store agrees with a `BTreeMap`, before and after reopening.

use std::sync::Arc;

use muster_storage::{Changes, Effort, Error, MemoryBackend, Unsynced};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::rows::{Content, content, primary_key, read, row_ids, rows, schema};
use crate::workload::open;

#[derive(Clone, Debug)]
enum Action {
    /// Puts these ids; refused as a whole when one is there.
    Put(Vec<i64>),
    /// Puts these ids whether they are there or not.
    Upsert(Vec<i64>, u32),
    Delete(Vec<i64>),
    Load(Vec<i64>),
    Checkpoint,
    /// What is due, or everything.
    Compact(bool),
    /// A clean close, or a power cut.
    Reopen(bool),
}

fn action() -> impl Strategy<Value = Action> {
    let ids = || vec(0..60_i64, 0..12);
    prop_oneof![
        4 => ids().prop_map(Action::Put),
        3 => (ids(), 1..9_u32).prop_map(|(ids, generation)| Action::Upsert(ids, generation)),
        3 => ids().prop_map(Action::Delete),
        1 => vec(0..60_i64, 0..30).prop_map(Action::Load),
        2 => Just(Action::Checkpoint),
        2 => any::<bool>().prop_map(Action::Compact),
        2 => any::<bool>().prop_map(Action::Reopen),
    ]
}

/// Whether ids may be put together: none twice, none there.
fn free(model: &Content, ids: &[i64]) -> bool {
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    distinct.len() == ids.len() && !ids.iter().any(|id| model.contains_key(id))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn the_store_agrees_with_a_map(actions in vec(action(), 1..40)) {
        let mut disk = MemoryBackend::crashable();
        let mut store = open(Arc::new(disk.clone()), "/db").unwrap();
        store.commit(Changes::new().create_table("t", schema(), primary_key(), Default::default())).unwrap();
        let mut model = Content::new();
        for action in actions {
            let snapshot = store.snapshot();
            match action {
                Action::Put(ids) => {
                    let put = store.commit(Changes::new().put("t", rows(ids.iter().copied(), 0)));
                    if free(&model, &ids) {
                        put.unwrap();
                        model.extend(content(ids, 0));
                    } else {
                        assert!(matches!(put, Err(Error::DuplicateKey { .. })));
                    }
                }
                Action::Upsert(mut ids, generation) => {
                    ids.sort_unstable();
                    ids.dedup();
                    let old = row_ids(&snapshot, ids.iter().copied().filter(|id| model.contains_key(id)));
                    let changes = Changes::new().put("t", rows(ids.iter().copied(), generation)).delete("t", old);
                    store.commit(changes).unwrap();
                    model.extend(content(ids, generation));
                }
                Action::Delete(ids) => {
                    let old = row_ids(&snapshot, ids.iter().copied().filter(|id| model.contains_key(id)));
                    store.commit(Changes::new().delete("t", old.clone())).unwrap();
                    if !old.is_empty() {
                        let again = store.commit(Changes::new().delete("t", old));
                        assert!(matches!(again, Err(Error::Conflict { .. })));
                    }
                    model.retain(|id, _| !ids.contains(id));
                }
                Action::Load(ids) => {
                    let mut load = store.bulk_load("t").unwrap();
                    let pushed = load.push(rows(ids.iter().copied(), 0));
                    let loaded = pushed.and_then(|()| load.finish());
                    if free(&model, &ids) {
                        loaded.unwrap();
                        model.extend(content(ids, 0));
                    } else {
                        assert!(matches!(loaded, Err(Error::DuplicateKey { .. })));
                    }
                }
                Action::Checkpoint => store.checkpoint().unwrap(),
                Action::Compact(full) => {
                    let effort = if full { Effort::Full } else { Effort::AsDue };
                    store.compact("t", effort, &|| true).unwrap();
                }
                Action::Reopen(clean) => {
                    if clean {
                        drop(store);
                    } else {
                        disk = disk.crashed(Unsynced::Lost);
                    }
                    store = open(Arc::new(disk.clone()), "/db").unwrap();
                }
            }
            prop_assert_eq!(read(&store.snapshot()).unwrap(), model.clone());
        }
    }
}
