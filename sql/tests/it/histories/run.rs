//! A history as the database runs it.

use std::collections::HashMap;

use muster::{Database, Prepared, Session};
use tempfile::TempDir;

use super::action::{Action, Table};
use super::answer::Answer;

/// A database in a folder of its own, and its sessions.
pub(super) struct Run {
    folder: TempDir,
    /// `None` only while it is opened again.
    database: Option<Database>,
    sessions: Vec<Seat>,
    kept: bool,
}

/// A session with the statements that it has prepared.
struct Seat {
    session: Session,
    prepared: HashMap<String, Prepared>,
}

impl Seat {
    fn new(database: &Database) -> Self {
        Self { session: database.session(), prepared: HashMap::new() }
    }
}

impl Run {
    /// With tables `a` and `b`; sessions keep what they prepare, or do not.
    pub(super) async fn new(sessions: usize, kept: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let session = database.session();
        for table in [Table::A, Table::B] {
            let create = Action::Create { table, if_not_exists: false };
            session.execute(&create.sql().unwrap(), &[]).await.unwrap();
        }
        let sessions = (0..sessions).map(|_| Seat::new(&database)).collect();
        Self { folder, database: Some(database), sessions, kept }
    }

    fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    pub(super) async fn answer(&mut self, session: usize, action: &Action) -> Answer {
        match action {
            Action::Disconnect => self.sessions[session] = Seat::new(self.database()),
            Action::Reopen => self.reopen(),
            Action::Checkpoint => self.database().checkpoint().unwrap(),
            statement => {
                let answer = self.run(session, statement).await;
                return answer.unwrap_or_else(|error| Answer::refused(error.sqlstate()));
            }
        }
        Answer::Done(0)
    }

    /// Closes the database and opens it again, for as many sessions.
    fn reopen(&mut self) {
        let sessions = self.sessions.len();
        self.sessions.clear();
        self.database = None;
        let database = Database::open(self.folder.path()).unwrap();
        self.sessions = (0..sessions).map(|_| Seat::new(&database)).collect();
        self.database = Some(database);
    }

    async fn run(&mut self, session: usize, action: &Action) -> muster::Result<Answer> {
        let Seat { session, prepared } = &mut self.sessions[session];
        let sql = action.sql().unwrap();
        let gives_rows = match action {
            Action::Select { .. } | Action::Count { .. } => true,
            Action::Insert { returning, .. }
            | Action::Update { returning, .. }
            | Action::Delete { returning, .. } => *returning,
            _ => false,
        };
        // A star means other columns when the table has others, which a prepared statement does not take.
        let keeps = self.kept && !matches!(action, Action::Select { star: true, .. });
        if !keeps {
            return Ok(match gives_rows {
                true => Answer::of(session.query(&sql, &[]).await?.batches()),
                false => Answer::Done(session.execute(&sql, &[]).await?),
            });
        }
        if !prepared.contains_key(&sql) {
            let statement = session.parse(&sql)?.remove(0);
            prepared.insert(sql.clone(), session.prepare(&statement, &[]).await?);
        }
        let outcome = session.run(&prepared[&sql], &[]).await?;
        let rows_affected = outcome.tag.rows_affected().unwrap_or(0);
        Ok(match outcome.rows {
            Some(rows) => Answer::collect(rows).await?,
            None => Answer::Done(rows_affected),
        })
    }

    /// The rows of a table as a session sees them; of no session, those that are committed.
    pub(super) async fn rows(&self, session: Option<usize>, table: Table) -> Answer {
        let own;
        let session = match session {
            Some(number) => &self.sessions[number].session,
            None => {
                own = self.database().session();
                &own
            }
        };
        match session.query(&format!("SELECT * FROM {}", table.name()), &[]).await {
            Ok(rows) => Answer::of(rows.batches()),
            Err(error) => Answer::refused(error.sqlstate()),
        }
    }
}
