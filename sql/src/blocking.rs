//! The database for programs without an async runtime: the same methods, waiting for their end.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use futures::StreamExt;
use tokio::runtime::Runtime;

use crate::load::{LoadReport, LoadRequest};
use crate::outcome::QueryResult;
use crate::progress::Progress;
use crate::sqlstate::SqlState;
use crate::{Error, Options, Result};

/// Bytes that are read at once for a COPY.
const PIECE: usize = 64 * 1024;

/// An open database; see [`crate::Database`]. Not for use inside an async runtime.
#[derive(Clone, Debug)]
pub struct Database {
    runtime: Arc<Runtime>,
    database: crate::Database,
}

/// A session; see [`crate::Session`].
#[derive(Debug)]
pub struct Session {
    runtime: Arc<Runtime>,
    session: crate::Session,
}

/// A transaction; see [`crate::Transaction`].
#[derive(Debug)]
#[must_use = "dropping a transaction rolls it back"]
pub struct Transaction<'a> {
    runtime: &'a Runtime,
    transaction: crate::Transaction<'a>,
}

impl Transaction<'_> {
    /// As [`crate::Transaction::query`].
    ///
    /// # Errors
    /// As there.
    pub fn query(&self, sql: &str, params: &[ScalarValue]) -> Result<QueryResult> {
        self.runtime.block_on(self.transaction.query(sql, params))
    }

    /// As [`crate::Transaction::execute`].
    ///
    /// # Errors
    /// As there.
    pub fn execute(&self, sql: &str, params: &[ScalarValue]) -> Result<u64> {
        self.runtime.block_on(self.transaction.execute(sql, params))
    }

    /// As [`crate::Transaction::commit`].
    ///
    /// # Errors
    /// As there.
    pub fn commit(self) -> Result<()> {
        self.runtime.block_on(self.transaction.commit())
    }

    /// As [`crate::Transaction::rollback`].
    pub fn rollback(self) {
        self.transaction.rollback();
    }
}

impl Database {
    /// As [`crate::Database::open`].
    ///
    /// # Errors
    /// As there, and when the system gives no threads.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::around(crate::Database::open(path)?)
    }

    /// As [`crate::Database::open_with`].
    ///
    /// # Errors
    /// As there, and when the system gives no threads.
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        Self::around(crate::Database::open_with(path, options)?)
    }

    /// As [`crate::Database::in_memory`].
    ///
    /// # Errors
    /// As there, and when the system gives no threads.
    pub fn in_memory() -> Result<Self> {
        Self::around(crate::Database::in_memory()?)
    }

    fn around(database: crate::Database) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
            Error::new(
                SqlState::InternalError,
                format!("the runtime's threads could not be started: {error}"),
            )
        })?;
        Ok(Self { runtime: Arc::new(runtime), database })
    }

    /// A session: one for each thread of work.
    #[must_use]
    pub fn session(&self) -> Session {
        Session { runtime: self.runtime.clone(), session: self.database.session() }
    }

    /// As [`crate::Database::checkpoint`].
    ///
    /// # Errors
    /// As there.
    pub fn checkpoint(&self) -> Result<()> {
        self.database.checkpoint()
    }

    /// As [`crate::Database::embedding_cache`].
    #[must_use]
    pub fn embedding_cache(&self) -> crate::CacheCounts {
        self.database.embedding_cache()
    }

    /// As [`crate::Database::path`].
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.database.path()
    }
}

impl Session {
    /// As [`crate::Session::query`], within `statement_timeout`.
    ///
    /// # Errors
    /// As there; 57014 once the time is over.
    pub fn query(&self, sql: &str, params: &[ScalarValue]) -> Result<QueryResult> {
        self.runtime.block_on(in_time(&self.session, self.session.query(sql, params)))
    }

    /// As [`crate::Session::execute`], within `statement_timeout`.
    ///
    /// # Errors
    /// As there; 57014 once the time is over.
    pub fn execute(&self, sql: &str, params: &[ScalarValue]) -> Result<u64> {
        self.runtime.block_on(in_time(&self.session, self.session.execute(sql, params)))
    }

    /// As [`crate::Session::transaction`].
    ///
    /// # Errors
    /// As there.
    pub fn transaction(&self) -> Result<Transaction<'_>> {
        let transaction = self.runtime.block_on(self.session.transaction())?;
        Ok(Transaction { runtime: &self.runtime, transaction })
    }

    /// As [`crate::Session::load`].
    ///
    /// # Errors
    /// As there.
    pub fn load(&self, request: &LoadRequest) -> Result<LoadReport> {
        self.runtime.block_on(self.session.load(request))
    }

    /// As [`crate::Session::copy_in`], with all its rows: loads what `rows` gives and says how many they were.
    ///
    /// # Errors
    /// As [`crate::CopyIn::push`] and [`crate::CopyIn::finish`]; 58030 when `rows` fails. Nothing is loaded then.
    pub fn copy_in(&self, sql: &str, mut rows: impl std::io::Read) -> Result<u64> {
        self.runtime.block_on(async {
            let mut copy = self.session.copy_in(sql).await?;
            let mut piece = vec![0; PIECE];
            loop {
                match rows.read(&mut piece) {
                    Ok(0) => return Ok(copy.finish().await?.rows_affected().unwrap_or(0)),
                    Ok(length) => copy.push(piece.get(..length).unwrap_or_default()).await?,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(failed("read", &error)),
                }
            }
        })
    }

    /// As [`crate::Session::copy_out`]: writes the rows and says how many they are.
    ///
    /// # Errors
    /// As there; 58030 when `out` fails.
    pub fn copy_out(&self, sql: &str, mut out: impl std::io::Write) -> Result<u64> {
        self.runtime.block_on(async {
            let mut copy = self.session.copy_out(sql).await?;
            let mut count = 0;
            while let Some(chunk) = copy.chunks.next().await {
                let chunk = chunk?;
                out.write_all(&chunk.bytes).map_err(|error| failed("write", &error))?;
                count += chunk.rows;
            }
            Ok(count)
        })
    }

    /// As [`crate::Session::set_progress`].
    pub fn set_progress(&self, progress: Arc<dyn Progress>) {
        self.session.set_progress(progress);
    }

    /// As [`crate::Session::take_notifications`].
    #[must_use]
    pub fn take_notifications(&self) -> Vec<crate::Notification> {
        self.session.take_notifications()
    }

    /// As [`crate::Session::setting`].
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<String> {
        self.session.setting(name)
    }

    /// As [`crate::Session::set_setting`].
    ///
    /// # Errors
    /// As there.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        self.session.set_setting(name, value)
    }
}

/// Does the work of one call, for as long as `statement_timeout` allows.
async fn in_time<T>(session: &crate::Session, work: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(timeout) = session.timeouts().statement else { return work.await };
    let point = session.begin_interruptible();
    let over = async {
        tokio::time::sleep(timeout).await;
        point.cancel().await;
    };
    // Work that is always ready uses up all that a task may do at a time; the time is to be heard all the same.
    let over = tokio::task::unconstrained(over);
    tokio::select! {
        biased;
        result = work => result,
        () = over => {
            // As after any error: of several statements nothing stays, and the next call is not this one's.
            session.fail();
            let _rolled_back = session.end_implicit().await;
            session.begin_interruptible();
            Err(Error::new(SqlState::QueryCanceled, "canceling statement due to statement timeout"))
        }
    }
}

fn failed(what: &str, error: &std::io::Error) -> Error {
    Error::new(SqlState::IoError, format!("could not {what} the rows of COPY: {error}"))
}
