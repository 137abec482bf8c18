//! What a program asks and changes of a session's settings.

use std::time::Duration;

use arrow::array::timezone::Tz;

use super::run::context;
use super::settings::assumed::Assumable;
use super::settings::{denied, is_for_superusers, is_of_roles};
use super::{Backend, Session, Settings, Signals, Timeouts};
use crate::privileges::assume::{Asker, Assumption};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What the settings begin with that are the transaction's.
const TRANSACTION: &str = "transaction_";

impl Session {
    /// A setting's value, as SHOW gives it.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<String> {
        if is_of_roles(name) {
            return self.live.settings().told(name, &self.view().snapshot).ok().flatten();
        }
        // What the transaction is only its block knows.
        match name.get(..TRANSACTION.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(TRANSACTION)) {
            true => self.live.settings().get(name),
            false => self.live.lock().get(name),
        }
    }

    /// The zone that moments are shown in, and read in where they name none.
    ///
    /// # Errors
    /// 0A000 for one that is not known here.
    pub fn time_zone(&self) -> Result<Tz> {
        self.live.lock().zone()
    }

    /// How long its statements, and it between them, may take. An async program keeps to them itself, as the server does:
    /// [`Session::begin_interruptible`] says how a statement is ended.
    pub fn timeouts(&self) -> Timeouts {
        self.live.lock().timeouts
    }

    /// How long a statement may take before it is to be logged (`log_min_duration_statement`); `None` where none is.
    pub fn log_min_duration(&self) -> Option<Duration> {
        u64::try_from(self.live.lock().log_min_duration).ok().map(Duration::from_millis)
    }

    /// What the session's client calls itself.
    #[must_use]
    pub fn application(&self) -> String {
        self.live.application()
    }

    /// From here on RESET goes back to the settings as they are: the client has said what it starts with.
    pub fn start(&self) {
        self.live.change(Settings::start);
    }

    /// Says what the session is to its server, for functions that tell: `pg_backend_pid()`.
    pub fn set_backend(&self, backend: Backend) {
        self.live.lock().own.set_backend(backend);
    }

    /// The process id that functions and the protocol name the session by; no other session of the process has it.
    #[must_use]
    pub fn process(&self) -> i32 {
        self.live.process()
    }

    /// Gives what other sessions ask of this one. Who takes it heeds it, and says by [`Session::rest`] when a statement has answered.
    #[must_use]
    pub fn signals(&self) -> Signals {
        self.live.activity.serve();
        self.live.signals.clone()
    }

    /// The last statement has answered: the session waits for the next.
    pub fn rest(&self) {
        self.live.activity.rest();
    }

    /// Says how many sessions whoever serves the database lets in at once, which SHOW `max_connections` tells.
    pub fn set_max_connections(&self, limit: usize) {
        self.live.lock().own.set_max_connections(limit);
    }

    /// Whether it may do everything now.
    ///
    /// # Errors
    /// XX001 when what is stored of roles is damaged.
    pub fn is_superuser(&self) -> Result<bool> {
        let identity = self.live.lock().identity();
        let latest = self.database.shared().store.snapshot();
        Ok(identity.is_superuser(&self.view().snapshot)? && identity.is_superuser(&latest)?)
    }

    /// Whose session it is, as `session_user` tells it.
    ///
    /// # Errors
    /// XX001 when what is stored of roles is damaged.
    pub fn user(&self) -> Result<String> {
        let identity = self.live.lock().authorized();
        identity.name(&self.view().snapshot)
    }

    /// A number that differs once settings may have changed.
    #[must_use]
    pub fn setting_changes(&self) -> u64 {
        self.live.changes()
    }

    /// Changes a setting, as SET does.
    ///
    /// # Errors
    /// 42704 for a setting that nobody knows, 22023 for a value that it cannot have, 42501 for one of superusers and for a role
    /// that the session may not take on.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        if let Some(setting) = Assumable::named(name) {
            let (asking, latest) = (context(self), self.database.shared().store.snapshot());
            let wanted =
                Assumption::by_name(setting, Some(value), false).wanted(&Asker::of(&asking, &latest))?;
            self.live.assume(setting, &wanted, false);
            return Ok(());
        }
        if is_for_superusers(name) && !self.is_superuser()? {
            return Err(Error::new(SqlState::InsufficientPrivilege, denied(name)));
        }
        self.live.set(name, Some(value), false)
    }
}
