//! What a session may do in a history, and how proptest draws it.
//!
//! An action is complete in itself: it makes sense in whatever state it meets, so proptest may leave out any
//! other. Values are drawn from few, so that sessions meet each other.

use proptest::collection::vec;
use proptest::prelude::*;

/// A table of the histories. All have the columns `id`, `u` and `n`; they differ in what they constrain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Table {
    /// `id` is the primary key, `n` is NOT NULL and below 50.
    A,
    /// `id` is the primary key, `u` is UNIQUE, `n` is not negative.
    B,
    /// Constrains nothing. It is not there at first.
    C,
}

pub(super) const TABLES: [Table; 3] = [Table::A, Table::B, Table::C];

/// The values of a new row: `id`, `u`, `n`.
pub(super) type NewRow = [Option<i64>; 3];

/// A condition on the rows of a table.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    All,
    Id(i64),
    Between(i64, i64),
    Below(i64),
    UIs(i64),
    NIsNull,
    /// `id` is among those of a table.
    In(Table),
}

/// What UPDATE sets.
#[derive(Clone, Debug)]
pub(super) enum Set {
    N(Option<i64>),
    AddN(i64),
    /// Fails where `n` is 0.
    DivideN,
    U(Option<i64>),
    AddId(i64),
    /// Gives the keys to each other: they are different at the end, though not in between.
    MirrorId,
}

/// What ON CONFLICT does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conflict {
    Nothing,
    NothingOnId,
    /// `ON CONFLICT (id) DO UPDATE SET n = t.n + excluded.n`.
    Add,
    /// `ON CONFLICT (id) DO UPDATE SET u = excluded.u, n = excluded.n WHERE t.n < excluded.n`.
    Raise,
    /// `ON CONFLICT (u) DO UPDATE SET id = excluded.id`.
    MoveId,
}

/// Something that a session does.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Begin {
        read_only: bool,
    },
    Commit,
    Rollback,
    Savepoint(u8),
    RollbackTo(u8),
    Release(u8),
    Insert {
        table: Table,
        rows: Vec<NewRow>,
        conflict: Option<Conflict>,
        returning: bool,
    },
    /// Every row of a table into another, under other keys.
    Copy {
        table: Table,
        from: Table,
        add: i64,
    },
    Update {
        table: Table,
        set: Set,
        filter: Filter,
        returning: bool,
    },
    Delete {
        table: Table,
        filter: Filter,
        returning: bool,
    },
    /// Puts `n` under `id`; deletes where it is 0.
    Merge {
        table: Table,
        rows: Vec<(i64, i64)>,
    },
    Truncate(Table),
    Select {
        table: Table,
        filter: Filter,
        star: bool,
    },
    Count {
        table: Table,
        filter: Filter,
    },
    /// `SELECT 1 / 0`.
    Fail,
    Create {
        table: Table,
        if_not_exists: bool,
    },
    Drop {
        table: Table,
        if_exists: bool,
    },
    AddColumn {
        table: Table,
        column: u8,
    },
    Vacuum(Option<Table>),
    Analyze,
    Checkpoint,
    /// The session goes away, and another comes in its place.
    Disconnect,
    /// All sessions go away, and the database is closed and opened.
    Reopen,
}

fn table() -> impl Strategy<Value = Table> {
    prop_oneof![7 => Just(Table::A), 5 => Just(Table::B), 1 => Just(Table::C)]
}

fn id() -> std::ops::Range<i64> {
    0..6
}

fn row() -> impl Strategy<Value = NewRow> {
    let id = prop_oneof![25 => (0..12_i64).prop_map(Some), 1 => Just(None)];
    let u = prop_oneof![2 => (0..4_i64).prop_map(Some), 1 => Just(None)];
    let n = prop_oneof![
        20 => (0..20_i64).prop_map(Some),
        1 => (-2..60_i64).prop_map(Some),
        1 => Just(None)
    ];
    (id, u, n).prop_map(|(id, u, n)| [id, u, n])
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        1 => Just(Filter::All),
        8 => id().prop_map(Filter::Id),
        2 => (id(), 0..4_i64).prop_map(|(low, more)| Filter::Between(low, low + more)),
        1 => (0..20_i64).prop_map(Filter::Below),
        1 => (0..4_i64).prop_map(Filter::UIs),
        1 => Just(Filter::NIsNull),
        1 => table().prop_map(Filter::In),
    ]
}

fn set() -> impl Strategy<Value = Set> {
    prop_oneof![
        6 => (0..20_i64).prop_map(|n| Set::N(Some(n))),
        1 => prop::option::of(-2..60_i64).prop_map(Set::N),
        3 => (1..5_i64).prop_map(Set::AddN),
        1 => Just(Set::DivideN),
        2 => prop::option::of(0..4_i64).prop_map(Set::U),
        1 => (1..3_i64).prop_map(Set::AddId),
        1 => Just(Set::MirrorId),
    ]
}

fn conflict() -> impl Strategy<Value = Option<Conflict>> {
    use Conflict::{Add, MoveId, Nothing, NothingOnId, Raise};
    let conflict = prop::sample::select(&[Nothing, NothingOnId, Add, Add, Raise, MoveId][..]);
    prop_oneof![3 => Just(None), 3 => conflict.prop_map(Some)]
}

/// A statement that changes rows.
fn rows_change() -> impl Strategy<Value = Action> {
    let seldom = || prop::bool::weighted(0.2);
    let rows = prop_oneof![3 => vec(row(), 1), 2 => vec(row(), 1..4)];
    let insert = (table(), rows, conflict(), seldom())
        .prop_map(|(table, rows, conflict, returning)| Action::Insert { table, rows, conflict, returning });
    let update = (table(), set(), filter(), seldom())
        .prop_map(|(table, set, filter, returning)| Action::Update { table, set, filter, returning });
    prop_oneof![
        10 => insert,
        7 => update,
        4 => (table(), filter(), seldom())
            .prop_map(|(table, filter, returning)| Action::Delete { table, filter, returning }),
        1 => (table(), table(), 0..4_i64).prop_map(|(table, from, add)| Action::Copy { table, from, add }),
        2 => (table(), vec((id(), 0..8_i64), 1..4)).prop_map(|(table, rows)| Action::Merge { table, rows }),
        1 => table().prop_map(Action::Truncate),
    ]
}

fn definition() -> impl Strategy<Value = Action> {
    let seldom = || prop::bool::weighted(0.2);
    prop_oneof![
        3 => (table(), seldom())
            .prop_map(|(table, if_not_exists)| Action::Create { table, if_not_exists }),
        2 => (table(), seldom()).prop_map(|(table, if_exists)| Action::Drop { table, if_exists }),
        2 => (table(), 0..3_u8).prop_map(|(table, column)| Action::AddColumn { table, column }),
    ]
}

fn upkeep() -> impl Strategy<Value = Action> {
    prop_oneof![
        2 => prop::option::of(table()).prop_map(Action::Vacuum),
        1 => Just(Action::Analyze),
        2 => Just(Action::Checkpoint),
        1 => Just(Action::Disconnect),
        1 => Just(Action::Reopen),
    ]
}

/// Any action.
pub(super) fn action() -> impl Strategy<Value = Action> {
    let control = prop_oneof![
        9 => Just(Action::Begin { read_only: false }),
        1 => Just(Action::Begin { read_only: true }),
        6 => Just(Action::Commit),
        2 => Just(Action::Rollback),
        2 => (0..3_u8).prop_map(Action::Savepoint),
        2 => (0..3_u8).prop_map(Action::RollbackTo),
        1 => (0..3_u8).prop_map(Action::Release),
    ];
    let read = prop_oneof![
        10 => (table(), filter(), any::<bool>())
            .prop_map(|(table, filter, star)| Action::Select { table, filter, star }),
        1 => (table(), filter()).prop_map(|(table, filter)| Action::Count { table, filter }),
        1 => Just(Action::Fail),
    ];
    prop_oneof![11 => control, 15 => rows_change(), 5 => read, 2 => definition(), 2 => upkeep()]
}

/// A change of one of few rows, or of a definition: one that others are likely to make as well.
pub(super) fn meeting() -> impl Strategy<Value = Action> {
    let table = || prop_oneof![Just(Table::A), Just(Table::B)];
    let filter = || (0..2_i64).prop_map(Filter::Id);
    let update =
        (table(), prop_oneof![(1..4_i64).prop_map(Set::AddN), (0..9_i64).prop_map(|n| Set::N(Some(n)))]);
    let row = (5..9_i64, 0..9_i64).prop_map(|(id, n)| [Some(id), None, Some(n)]);
    let upsert = prop_oneof![Just(None), Just(Some(Conflict::Nothing)), Just(Some(Conflict::Add))];
    prop_oneof![
        8 => (update, filter())
            .prop_map(|((table, set), filter)| Action::Update { table, set, filter, returning: false }),
        2 => (table(), filter())
            .prop_map(|(table, filter)| Action::Delete { table, filter, returning: false }),
        4 => (table(), row, upsert).prop_map(|(table, row, conflict)| {
            Action::Insert { table, rows: vec![row], conflict, returning: false }
        }),
        1 => definition(),
        1 => rows_change(),
        1 => prop_oneof![Just(Action::Vacuum(None)), Just(Action::Checkpoint), (0..2_u8).prop_map(Action::Savepoint)],
    ]
}
