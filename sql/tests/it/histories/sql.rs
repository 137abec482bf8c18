//! The SQL of an action. What it means is the model's.

use super::action::{Action, Conflict, Filter, NewRow, Set, Table};

/// A value as a literal.
fn literal(value: Option<i64>) -> String {
    value.map_or("NULL".to_string(), |value| value.to_string())
}

impl Table {
    pub(super) fn name(self) -> &'static str {
        match self {
            Table::A => "a",
            Table::B => "b",
            Table::C => "c",
        }
    }

    /// What CREATE TABLE says in parentheses.
    fn columns(self) -> &'static str {
        match self {
            Table::A => "id bigint PRIMARY KEY, u bigint, n bigint NOT NULL CHECK (n < 50)",
            Table::B => "id bigint PRIMARY KEY, u bigint UNIQUE, n bigint CHECK (n >= 0)",
            Table::C => "id bigint, u bigint, n bigint",
        }
    }
}

impl Filter {
    fn sql(&self) -> String {
        match self {
            Filter::All => String::new(),
            Filter::Id(id) => format!(" WHERE id = {id}"),
            Filter::Between(low, high) => format!(" WHERE id BETWEEN {low} AND {high}"),
            Filter::Below(n) => format!(" WHERE n < {n}"),
            Filter::UIs(u) => format!(" WHERE u = {u}"),
            Filter::NIsNull => " WHERE n IS NULL".to_string(),
            Filter::In(table) => format!(" WHERE id IN (SELECT id FROM {})", table.name()),
        }
    }
}

impl Set {
    fn sql(&self) -> String {
        match self {
            Set::N(n) => format!("n = {}", literal(*n)),
            Set::AddN(add) => format!("n = n + {add}"),
            Set::DivideN => "n = 60 / n".to_string(),
            Set::U(u) => format!("u = {}", literal(*u)),
            Set::AddId(add) => format!("id = id + {add}"),
            Set::MirrorId => "id = 7 - id".to_string(),
        }
    }
}

fn on_conflict(conflict: Conflict, table: &str) -> String {
    match conflict {
        Conflict::Nothing => " ON CONFLICT DO NOTHING".to_string(),
        Conflict::NothingOnId => " ON CONFLICT (id) DO NOTHING".to_string(),
        Conflict::Add => format!(" ON CONFLICT (id) DO UPDATE SET n = {table}.n + excluded.n"),
        Conflict::Raise => format!(
            " ON CONFLICT (id) DO UPDATE SET u = excluded.u, n = excluded.n WHERE {table}.n < excluded.n"
        ),
        Conflict::MoveId => " ON CONFLICT (u) DO UPDATE SET id = excluded.id".to_string(),
    }
}

fn values(rows: &[NewRow]) -> String {
    let row = |[id, u, n]: &NewRow| format!("({}, {}, {})", literal(*id), literal(*u), literal(*n));
    rows.iter().map(row).collect::<Vec<_>>().join(", ")
}

fn returning(asked: bool) -> &'static str {
    if asked { " RETURNING id, u, n" } else { "" }
}

impl Action {
    /// The statement; none for what is done by other ways than SQL.
    pub(super) fn sql(&self) -> Option<String> {
        Some(match self {
            Action::Begin { read_only: false } => "BEGIN".to_string(),
            Action::Begin { read_only: true } => "BEGIN READ ONLY".to_string(),
            Action::Commit => "COMMIT".to_string(),
            Action::Rollback => "ROLLBACK".to_string(),
            Action::Savepoint(name) => format!("SAVEPOINT s{name}"),
            Action::RollbackTo(name) => format!("ROLLBACK TO SAVEPOINT s{name}"),
            Action::Release(name) => format!("RELEASE SAVEPOINT s{name}"),
            Action::Insert { table, rows, conflict, returning: asked } => {
                let conflict = conflict.map(|conflict| on_conflict(conflict, table.name()));
                format!(
                    "INSERT INTO {} (id, u, n) VALUES {}{}{}",
                    table.name(),
                    values(rows),
                    conflict.unwrap_or_default(),
                    returning(*asked)
                )
            }
            Action::Copy { table, from, add } => {
                let (table, from) = (table.name(), from.name());
                format!("INSERT INTO {table} (id, u, n) SELECT id + {add}, u, n FROM {from}")
            }
            Action::Update { table, set, filter, returning: asked } => {
                format!("UPDATE {} SET {}{}{}", table.name(), set.sql(), filter.sql(), returning(*asked))
            }
            Action::Delete { table, filter, returning: asked } => {
                format!("DELETE FROM {}{}{}", table.name(), filter.sql(), returning(*asked))
            }
            Action::Merge { table, rows } => {
                let rows: Vec<_> = rows.iter().map(|(id, n)| format!("({id}, {n})")).collect();
                format!(
                    "MERGE INTO {} t USING (VALUES {}) AS s (id, n) ON t.id = s.id \
                     WHEN MATCHED AND s.n = 0 THEN DELETE \
                     WHEN MATCHED THEN UPDATE SET n = s.n \
                     WHEN NOT MATCHED THEN INSERT (id, u, n) VALUES (s.id, NULL, s.n)",
                    table.name(),
                    rows.join(", ")
                )
            }
            Action::Truncate(table) => format!("TRUNCATE {}", table.name()),
            Action::Select { table, filter, star } => {
                let columns = if *star { "*" } else { "id, u, n" };
                format!("SELECT {columns} FROM {}{}", table.name(), filter.sql())
            }
            Action::Count { table, filter } => {
                format!("SELECT count(*) FROM {}{}", table.name(), filter.sql())
            }
            Action::Fail => "SELECT 1 / 0".to_string(),
            Action::Create { table, if_not_exists } => {
                let condition = if *if_not_exists { "IF NOT EXISTS " } else { "" };
                format!("CREATE TABLE {condition}{} ({})", table.name(), table.columns())
            }
            Action::Drop { table, if_exists } => {
                format!("DROP TABLE {}{}", if *if_exists { "IF EXISTS " } else { "" }, table.name())
            }
            Action::AddColumn { table, column } => {
                let default = if *column == 0 { String::new() } else { format!(" DEFAULT {column}") };
                format!("ALTER TABLE {} ADD COLUMN x{column} bigint{default}", table.name())
            }
            Action::Vacuum(None) => "VACUUM".to_string(),
            Action::Vacuum(Some(table)) => format!("VACUUM {}", table.name()),
            Action::Analyze => "ANALYZE".to_string(),
            Action::Checkpoint | Action::Disconnect | Action::Reopen => return None,
        })
    }
}
