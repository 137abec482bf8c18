//! How far the server is, and what it says of itself.
//!
//! It is there before the database is opened and after it is closed. Invariant: it keeps the database open only from
//! [`Monitor::serving`] to [`Monitor::stopped`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use muster::{Database, Session};

use super::metrics::{self, Scrape};
use super::process::Usage;
use crate::wire::Server;
use crate::wire::meter::Meter;

/// How long the statement of a readiness check may take.
const READY_TIME: Duration = Duration::from_secs(5);

/// It passes through parser, planner and executor, and reads what the catalog computes.
const READY: &str = "SELECT count(*) FROM pg_catalog.pg_stat_database";

/// What the session of readiness checks calls itself.
const APPLICATION: &str = "muster readyz";

/// See the module. Clones are of one.
#[derive(Clone, Default)]
pub struct Monitor(Arc<Mutex<Phase>>);

/// How far the server is.
#[derive(Clone, Default)]
enum Phase {
    #[default]
    Starting,
    Serving(Arc<Watched>),
    /// No one new is let in, and what runs is ended.
    Stopping(Arc<Watched>),
    Stopped,
}

/// What there is to be watched.
struct Watched {
    database: Database,
    meter: Arc<Meter>,
    /// Of readiness checks; a program's own, and so a superuser's.
    session: Session,
}

impl Monitor {
    fn phase(&self) -> Phase {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, phase: Phase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// The database is open and the server listens.
    ///
    /// # Errors
    /// When the session of readiness checks cannot be set up.
    pub fn serving(&self, database: &Database, server: &Server) -> muster::Result<()> {
        let session = database.session();
        session.set_setting("application_name", APPLICATION)?;
        let watched = Watched { database: database.clone(), meter: server.meter(), session };
        self.set(Phase::Serving(Arc::new(watched)));
        Ok(())
    }

    /// The server was told to stop.
    pub fn stopping(&self) {
        if let Phase::Serving(watched) = self.phase() {
            self.set(Phase::Stopping(watched));
        }
    }

    /// The server has stopped: the database may be closed.
    pub fn stopped(&self) {
        self.set(Phase::Stopped);
    }

    /// Whether the server takes statements and answers them; why not.
    pub(super) async fn ready(&self) -> Result<(), String> {
        let watched = match self.phase() {
            Phase::Starting => return Err("starting".to_string()),
            Phase::Stopping(_) | Phase::Stopped => return Err("shutting down".to_string()),
            Phase::Serving(watched) => watched,
        };
        match tokio::time::timeout(READY_TIME, watched.session.query(READY, &[])).await {
            Ok(Ok(_)) => Ok(()),
            // Who asks without a token learns no more than that.
            Ok(Err(error)) => {
                tracing::warn!(%error, "the statement of a readiness check failed");
                Err("a statement failed".to_string())
            }
            Err(_) => Err("a statement was not answered in time".to_string()),
        }
    }

    /// All metrics, as Prometheus reads them.
    pub(super) async fn metrics(&self) -> Result<String, String> {
        let phase = self.phase();
        let gather = move || {
            let watched = match &phase {
                Phase::Serving(watched) | Phase::Stopping(watched) => Some(watched),
                Phase::Starting | Phase::Stopped => None,
            };
            let statistics = watched.map(|watched| watched.database.statistics()).transpose();
            let statistics = statistics.map_err(|error| error.to_string())?;
            let meter = watched.map(|watched| watched.meter.clone());
            let ready = matches!(phase, Phase::Serving(_));
            let scrape = Scrape { process: Usage::now(), ready, meter, statistics };
            metrics::write(scrape).map_err(|error| error.to_string())
        };
        // It looks at each segment and at files.
        tokio::task::spawn_blocking(gather).await.map_err(|error| error.to_string())?
    }
}
