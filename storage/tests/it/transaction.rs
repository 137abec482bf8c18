//! Transactions: what they see, what they become, and who wins.

use muster_storage::{Changes, Error, Store};

use crate::rows::{content, primary_key, read, row_ids, rows, schema};

fn store() -> Store {
    let store = Store::in_memory().unwrap();
    let create = Changes::new().create_table("t", schema(), primary_key(), Default::default());
    store.commit(create.put("t", rows(0..10, 0))).unwrap();
    store
}

#[test]
fn a_transaction_sees_its_own_changes_and_nobody_elses() {
    let store = store();
    let mut transaction = store.begin();
    let found = transaction.snapshot().clone();
    transaction
        .apply(Changes::new().delete("t", row_ids(&found, [1, 2])).put("t", rows([2, 20], 1)))
        .unwrap();
    store.commit(Changes::new().put("t", rows([30], 0))).unwrap();
    // Own rows can be changed again.
    let found = transaction.snapshot().clone();
    transaction.apply(Changes::new().delete("t", row_ids(&found, [20])).put("t", rows([21], 2))).unwrap();

    let mut own = content((0..10).filter(|id| ![1, 2].contains(id)), 0);
    own.extend(content([2], 1));
    own.extend(content([21], 2));
    assert_eq!(read(transaction.snapshot()).unwrap(), own);
    assert_eq!(read(&store.snapshot()).unwrap(), content((0..10).chain([30]), 0));

    let committed = transaction.commit().unwrap();
    own.extend(content([30], 0));
    assert_eq!(read(&committed).unwrap(), own);
    assert_eq!(read(&store.snapshot()).unwrap(), own);
}

#[test]
fn what_is_dropped_or_rolled_back_never_was() {
    let store = store();
    let before = store.snapshot().version();
    let mut transaction = store.begin();
    transaction.apply(Changes::new().put("t", rows([20], 0))).unwrap();
    let savepoint = transaction.savepoint();
    transaction.apply(Changes::new().drop_table("t")).unwrap();
    assert!(transaction.snapshot().table("t").is_none());
    transaction.rollback_to(&savepoint);
    assert_eq!(read(transaction.snapshot()).unwrap(), content((0..10).chain([20]), 0));
    drop(transaction);
    assert_eq!(read(&store.snapshot()).unwrap(), content(0..10, 0));
    assert_eq!(store.snapshot().version(), before);
}

#[test]
fn the_first_to_commit_wins() {
    let store = store();
    let (mut first, mut second, mut third) = (store.begin(), store.begin(), store.begin());
    let ids = row_ids(first.snapshot(), [1]);
    first.apply(Changes::new().delete("t", ids.clone()).put("t", rows([1], 1))).unwrap();
    second.apply(Changes::new().delete("t", ids.clone()).put("t", rows([1], 2))).unwrap();
    first.commit().unwrap();
    assert!(matches!(second.commit(), Err(Error::Conflict { .. })));
    // Who comes when it is done is told at once.
    let late = third.apply(Changes::new().delete("t", ids));
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    assert_eq!(read(&store.snapshot()).unwrap()[&1], content([1], 1)[&1]);
}

#[test]
fn what_was_read_must_still_be_so_where_that_is_asked() {
    let store = store();
    let make = Changes::new().create_table("u", schema(), primary_key(), Default::default());
    store.commit(make).unwrap();
    let id = |name: &str| store.snapshot().table(name).unwrap().definition().id;
    let (mut reader, mut careless, mut looker) = (store.begin(), store.begin(), store.begin());
    reader.apply(Changes::new().put("u", rows([20], 0))).unwrap();
    careless.apply(Changes::new().put("u", rows([21], 0))).unwrap();
    let savepoint = reader.savepoint();
    reader.has_read([id("t")]);
    // What has been read is not taken back.
    reader.rollback_to(&savepoint);
    looker.has_read([id("t")]);
    let base = store.snapshot();
    store.commit(Changes::new().put("t", rows([30], 0))).unwrap();

    let refused = reader.commit();
    assert!(matches!(&refused, Err(Error::ReadConflict { table }) if table == "t"), "{refused:?}");
    careless.commit().unwrap();
    looker.commit().unwrap();
    let alone = Changes::new().put("u", rows([40], 0)).having_read([id("t")]);
    assert!(matches!(store.commit(alone.clone().over(base)), Err(Error::ReadConflict { .. })));
    store.commit(alone.over(store.snapshot())).unwrap();
}

#[test]
fn the_same_new_key_in_two_transactions_is_a_conflict_and_in_one_a_duplicate() {
    let store = store();
    let (mut first, mut second) = (store.begin(), store.begin());
    assert!(matches!(first.apply(Changes::new().put("t", rows([1], 1))), Err(Error::DuplicateKey { .. })));
    first.apply(Changes::new().put("t", rows([20], 1))).unwrap();
    second.apply(Changes::new().put("t", rows([20], 2))).unwrap();
    first.commit().unwrap();
    assert!(matches!(second.commit(), Err(Error::Conflict { .. })));
    assert_eq!(read(&store.snapshot()).unwrap()[&20], content([20], 1)[&20]);
}

#[test]
fn transactions_that_touch_different_rows_all_commit() {
    let store = store();
    let mut transactions: Vec<_> = (0..10).map(|_| store.begin()).collect();
    for (id, transaction) in (0..).zip(&mut transactions) {
        let ids = row_ids(transaction.snapshot(), [id]);
        transaction.apply(Changes::new().delete("t", ids).put("t", rows([id, id + 100], 1))).unwrap();
    }
    store.checkpoint().unwrap();
    transactions.into_iter().for_each(|transaction| drop(transaction.commit().unwrap()));
    assert_eq!(read(&store.snapshot()).unwrap(), content((0..10).chain(100..110), 1));
}

#[test]
fn definitions_are_transactional() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut transaction = store.begin();
    let create = Changes::new().create_table("t", schema(), primary_key(), Default::default());
    transaction.apply(create).unwrap();
    transaction.apply(Changes::new().put("t", rows(0..3, 0))).unwrap();
    transaction.apply(Changes::new().create_index("t", "i", 2, "hnsw", Default::default())).unwrap();
    transaction.apply(Changes::new().set_object("view", "v", Some(b"SELECT 1".to_vec()))).unwrap();
    assert!(store.snapshot().table("t").is_none());
    assert!(store.snapshot().object("view", "v").is_none());
    // Somebody else makes tables meanwhile: numbers do not collide.
    let other = Changes::new().create_table("other", schema(), vec![], Default::default());
    store.commit(other).unwrap();
    transaction.commit().unwrap();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    let snapshot = store.snapshot();
    assert_eq!(read(&snapshot).unwrap(), content(0..3, 0));
    assert!(snapshot.table("t").unwrap().definition().index("i").is_some());
    assert_ne!(
        snapshot.table("t").unwrap().definition().id,
        snapshot.table("other").unwrap().definition().id
    );
    assert_eq!(snapshot.object("view", "v").unwrap().as_slice(), b"SELECT 1");
    assert_eq!(snapshot.objects("view").map(|(name, _)| name).collect::<Vec<_>>(), ["v"]);
}

#[test]
fn a_table_altered_or_dropped_meanwhile_is_a_conflict() {
    let store = store();
    let (mut rows_put, mut made) = (store.begin(), store.begin());
    rows_put.apply(Changes::new().put("t", rows([20], 0))).unwrap();
    let create = || Changes::new().create_table("u", schema(), vec![], Default::default());
    made.apply(create()).unwrap();
    store.commit(Changes::new().create_index("t", "i", 2, "hnsw", Default::default())).unwrap();
    store.commit(create()).unwrap();
    assert!(matches!(rows_put.commit(), Err(Error::Conflict { .. })));
    assert!(matches!(made.commit(), Err(Error::Conflict { .. })));

    // Changes that say what they were worked out over are held to it as well.
    let base = store.snapshot();
    store.commit(Changes::new().drop_table("t")).unwrap();
    let stale = store.commit(Changes::new().put("t", rows([20], 0)).over(base));
    assert!(matches!(stale, Err(Error::Conflict { .. })));
}

#[test]
fn rows_that_must_not_change_are_watched() {
    let store = store();
    let base = store.snapshot();
    let note = |base| {
        Changes::new()
            .alter_table(
                "t",
                muster_storage::Alteration::SetProperty { key: "checked".into(), value: Some("yes".into()) },
            )
            .unchanged("t")
            .over(base)
    };
    store.checkpoint().unwrap();
    store.commit(note(base.clone())).unwrap();
    let base = store.snapshot();
    store.commit(Changes::new().put("t", rows([40], 0))).unwrap();
    assert!(matches!(store.commit(note(base)), Err(Error::Conflict { .. })));
}

#[test]
fn marks_only_rise() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.commit(Changes::new().raise_mark("s", 1000)).unwrap();
    store.commit(Changes::new().raise_mark("s", 10)).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!((store.snapshot().mark("s"), store.snapshot().mark("none")), (1000, 0));
}

#[test]
fn temporary_tables_leave_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let create = Changes::new().create_temporary_table("t", schema(), primary_key(), Default::default());
    store.commit(create).unwrap();
    store.commit(Changes::new().put("t", rows(0..5, 0))).unwrap();
    let mut transaction = store.begin();
    let ids = row_ids(transaction.snapshot(), [1]);
    transaction.apply(Changes::new().delete("t", ids).put("t", rows([7], 0))).unwrap();
    transaction.commit().unwrap();
    store.checkpoint().unwrap();
    assert_eq!(read(&store.snapshot()).unwrap(), content([0, 2, 3, 4, 7], 0));
    assert!(store.bulk_load("t").is_err());
    drop(store);
    assert!(Store::open(dir.path()).unwrap().snapshot().table("t").is_none());
}
