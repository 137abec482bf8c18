//! What a session has that changes while statements run: its settings, its block, what it keeps by name.
//!
//! Functions in a running plan reach it by the statement's context (`set_config`, `pg_notify`), and views of the catalog show
//! it. Invariant: those hold it weakly, so that a session ends when its program lets go of it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::activity::{Activity, Seen};
use super::block::BlockCell;
use super::cursor::Cursors;
use super::named::NamedStatements;
use super::settings::assumed::{Assumable, Wanted};
use super::settings::{self, APPLICATION_NAME, Hidden, Modes, TRANSACTION_ISOLATION, TRANSACTION_READ_ONLY};
use super::{Backend, Sessions, Settings, Signals};
use crate::channel::{Channels, Listener, Pending};
use crate::notice::Notice;
use crate::roles::Identity;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
pub(crate) struct Live {
    settings: Mutex<Settings>,
    /// Grows with each change of settings.
    changes: AtomicU64,
    /// The transaction block, while there is one.
    pub(super) block: BlockCell,
    pub(super) notices: Mutex<Vec<Notice>>,
    pub(crate) named: Mutex<NamedStatements>,
    pub(crate) cursors: Cursors,
    pub(crate) activity: Arc<Activity>,
    pub(crate) signals: Signals,
    pub(crate) sessions: Arc<Sessions>,
    pub(super) channels: Arc<Channels>,
    pub(super) listener: Arc<Listener>,
    /// What a statement outside of a block sends.
    pub(super) pending: Mutex<Pending>,
    /// Held while a function of large objects works, for several threads may read the rows of a statement.
    pub(crate) large_object_call: Mutex<()>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("changes", &self.changes).finish_non_exhaustive()
    }
}

impl Live {
    pub(super) fn new(settings: Settings, channels: Arc<Channels>, sessions: Arc<Sessions>) -> Self {
        Self {
            activity: Arc::new(Activity::new()),
            signals: Signals::default(),
            sessions,
            settings: Mutex::new(settings),
            changes: AtomicU64::new(0),
            block: BlockCell::default(),
            notices: Mutex::default(),
            named: Mutex::default(),
            cursors: Cursors::default(),
            channels,
            listener: Arc::default(),
            pending: Mutex::default(),
            large_object_call: Mutex::default(),
        }
    }

    /// The settings, to be looked at; [`Live::settings`] are what a statement sees.
    pub(super) fn lock(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock()
    }

    /// The settings as a statement that starts now sees them.
    pub(crate) fn settings(&self) -> Settings {
        let modes = self.block.with(|block| block.as_ref().map(|block| block.modes));
        let mut settings = self.settings.lock().clone();
        settings.modes = modes;
        settings
    }

    /// What the session is to its server.
    pub(crate) fn backend(&self) -> Backend {
        self.settings.lock().own.backend()
    }

    /// The id that the protocol and `pg_stat_activity` call it by.
    pub(crate) fn process(&self) -> i32 {
        self.backend().process
    }

    /// Who runs it, whatever role it has taken on by SET ROLE.
    pub(crate) fn identity(&self) -> Identity {
        self.settings.lock().authorized()
    }

    /// What its client calls itself.
    pub(crate) fn application(&self) -> String {
        self.settings.lock().get(APPLICATION_NAME).unwrap_or_default()
    }

    /// What it does now. It waits for no statement.
    pub(crate) fn see(&self) -> Seen {
        self.activity.see(self.block.seen())
    }

    /// Tells something beside the result of the statement at hand.
    pub(crate) fn tell(&self, notice: Notice) {
        self.notices.lock().push(notice);
    }

    /// Changes the settings.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> T {
        let changed = change(&mut self.settings.lock());
        self.changes.fetch_add(1, Ordering::Relaxed);
        changed
    }

    /// Gives all settings their first values back.
    pub(super) fn reset(&self) {
        self.change(Settings::reset);
        self.block.with(|block| block.iter_mut().for_each(|block| block.local.clear()));
    }

    /// A number that differs once settings may have changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Changes a setting; `None` is DEFAULT. `local` ones last until the end of the block, and change nothing outside of one.
    ///
    /// # Errors
    /// As [`Settings::set`]; 25001 for a characteristic of the transaction that it cannot have any more.
    pub(crate) fn set(&self, name: &str, value: Option<&str>, local: bool) -> Result<()> {
        if [TRANSACTION_ISOLATION, TRANSACTION_READ_ONLY].iter().any(|known| known.eq_ignore_ascii_case(name))
        {
            return self.set_mode(name, value);
        }
        if local && !self.block.is_open() {
            return self.settings.lock().clone().set(name, value);
        }
        let before = Hidden::Value(name.to_string(), self.settings.lock().get(name));
        self.change(|settings| settings.set(name, value))?;
        self.block.with(|block| block.iter_mut().for_each(|block| block.hide(before.clone(), local)));
        Ok(())
    }

    /// Takes on a role that the session may take on, or lets go of it. `local` is as in [`Live::set`].
    pub(crate) fn assume(&self, setting: Assumable, wanted: &Wanted, local: bool) {
        if local && !self.block.is_open() {
            return;
        }
        for &changed in setting.changes() {
            let before = Hidden::Role(changed, self.settings.lock().taken(changed));
            self.block.with(|block| block.iter_mut().for_each(|block| block.hide(before.clone(), local)));
        }
        self.change(|settings| settings.assume(setting, wanted.clone()));
    }

    /// Changes a characteristic of the block at hand; outside of one it would be that of the statement alone.
    fn set_mode(&self, name: &str, value: Option<&str>) -> Result<()> {
        let settings = self.settings.lock().clone();
        if let Some(value) = value {
            settings.clone().set(name, Some(value))?;
        }
        let modes = self.block.with(|block| block.as_ref().map(|block| block.modes));
        let Some(mut modes) = modes else { return Ok(()) };
        if name.eq_ignore_ascii_case(TRANSACTION_ISOLATION) {
            modes.isolation = match value {
                Some(value) => settings::isolation(TRANSACTION_ISOLATION, value)?,
                None => settings.default_isolation(),
            };
        } else {
            modes.read_only = value.map_or(settings.default_read_only, settings::is_on);
        }
        self.set_modes(modes)
    }

    /// Gives the block other characteristics.
    ///
    /// # Errors
    /// 25001 once a statement has run in it, for another level of isolation and from read-only to read-write.
    pub(super) fn set_modes(&self, modes: Modes) -> Result<()> {
        let late = |words: &str| Err(Error::new(SqlState::ActiveSqlTransaction, words));
        self.block.with(|block| {
            let Some(block) = block else { return Ok(()) };
            if block.used && block.modes.read_only && !modes.read_only {
                return late("transaction read-write mode must be set before any query");
            }
            if block.used && block.modes.isolation != modes.isolation {
                return late("SET TRANSACTION ISOLATION LEVEL must be called before any query");
            }
            block.modes = modes;
            Ok(())
        })?;
        self.changes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
