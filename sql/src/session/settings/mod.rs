//! What `SET` changes and `SHOW` tells.
//!
//! A setting that nobody knows is refused, but for names with a point, which are the client's own and kept. One whose values
//! mean something that is not here takes only the values that mean what is.
//!
//! - [`definition`], [`known`]: what there is.
//! - [`value`], [`date_style`], [`time_zone`]: how values are read and told.
//! - [`timeouts`], [`playbooks`], [`isolation`]: settings with a meaning of their own; [`custom`]: those without one.
//! - [`assumed`]: the role that the session has taken on. [`who`]: who runs it, then. [`hidden`]: what SET LOCAL hides.

pub(crate) mod assumed;
mod custom;
mod date_style;
pub(crate) mod definition;
mod hidden;
mod isolation;
mod known;
pub(super) mod playbooks;
mod time_zone;
pub(super) mod timeouts;
mod value;
mod who;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::timezone::Tz;

use self::assumed::{Assumable, Assumed};
use self::custom::{Custom, check_custom};
use self::definition::Definition;
pub(super) use self::hidden::Hidden;
use self::isolation::LEVELS;
pub(crate) use self::isolation::{Isolation, Modes};
pub(super) use self::isolation::{SERIALIZABLE, isolation};
use self::playbooks::PlaybookSettings;
use self::timeouts::Timeouts;
use self::value::{boolean, on_or_off};
use self::who::IS_SUPERUSER;
pub(super) use self::who::is_of_roles;
use super::Own;
use crate::catalog::SearchPath;
use crate::roles::Identity;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

const SEARCH_PATH: &str = "search_path";
const EF_SEARCH: &str = "hnsw.ef_search";
/// Whether searches compare with every row, so that anyone can measure recall.
const EXACT: &str = "muster.exact";
/// Whether searches may be answered from the result cache.
const RESULT_CACHE: &str = "muster.result_cache";
/// Whether a transaction is read-only unless it says otherwise.
const READ_ONLY: &str = "default_transaction_read_only";
pub(super) const ISOLATION: &str = "default_transaction_isolation";
/// What the transaction at hand is.
pub(super) const TRANSACTION_READ_ONLY: &str = "transaction_read_only";
pub(super) const TRANSACTION_ISOLATION: &str = "transaction_isolation";
const DATE_STYLE: &str = "DateStyle";
const TIME_ZONE: &str = "TimeZone";
const CLIENT_ENCODING: &str = "client_encoding";
/// How many sessions a server lets in at once.
const MAX_CONNECTIONS: &str = "max_connections";
const LOG_MIN_DURATION: &str = "log_min_duration_statement";
pub(super) const APPLICATION_NAME: &str = "application_name";

/// PostgreSQL's limit on names, in bytes.
const LONGEST_NAME: usize = 63;

/// The settings of one session. Cheap to clone for each statement.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The beam's width when a statement does not give one.
    pub(crate) ef_search: usize,
    /// Whether searches compare with every row instead of walking graphs.
    pub(crate) exact: bool,
    /// Where names without a schema are looked for.
    pub(crate) path: SearchPath,
    /// What stays as it is when settings are reset.
    pub(crate) own: Arc<Own>,
    /// Whether transactions are read-only unless they say otherwise.
    pub(crate) default_read_only: bool,
    /// Whether searches may be answered from the result cache.
    pub(crate) result_cache: bool,
    /// How far a playbook's query may be.
    pub(crate) playbooks: PlaybookSettings,
    /// How long statements and silence may last.
    pub(crate) timeouts: Timeouts,
    /// Who it runs as, where SET ROLE or SET SESSION AUTHORIZATION has said so.
    assumed: Assumed,
    /// How long a statement may take without being logged, in milliseconds; -1: any time.
    pub(crate) log_min_duration: i64,
    /// What the transaction block is that the statement is in.
    pub(super) modes: Option<Modes>,
    /// Values of others that were changed.
    texts: Arc<BTreeMap<&'static str, String>>,
    /// The client's own, by their names in lower case.
    custom: Arc<BTreeMap<String, Custom>>,
    /// What RESET goes back to, unless that is the defaults.
    start: Option<Arc<Settings>>,
}

/// A setting with its value, for lists of them.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) name: String,
    /// `None` for a client's own.
    pub(crate) definition: Option<&'static Definition>,
    /// In the setting's unit.
    pub(crate) kept: String,
    /// As SHOW has it.
    pub(crate) shown: String,
    /// What RESET goes back to, in the setting's unit.
    pub(crate) reset: String,
    /// Where the value comes from: `default`, `client`, `session`.
    pub(crate) source: &'static str,
}

impl Settings {
    /// Those of a new session of this program's own.
    pub(crate) fn new(options: &crate::Options) -> Self {
        Self::of_identity(options, Identity::Program)
    }

    /// Those of a new session.
    pub(crate) fn of_identity(options: &crate::Options, identity: Identity) -> Self {
        Self::of(Arc::new(Own::new(options, identity)))
    }

    fn of(own: Arc<Own>) -> Self {
        Self {
            ef_search: 40,
            exact: false,
            path: SearchPath::new(own.number),
            playbooks: PlaybookSettings::new(own.playbook_max_distance),
            default_read_only: false,
            result_cache: true,
            timeouts: Timeouts::default(),
            assumed: Assumed::default(),
            log_min_duration: own.log_min_duration,
            own,
            modes: None,
            texts: Arc::default(),
            custom: Arc::default(),
            start: None,
        }
    }

    /// From here on the values of now are what RESET goes back to: the client has said what it starts with.
    pub(crate) fn start(&mut self) {
        self.start = Some(Arc::new(Self { start: None, modes: None, ..self.clone() }));
    }

    /// What RESET goes back to.
    fn first(&self) -> Arc<Self> {
        self.start.clone().unwrap_or_else(|| Arc::new(Self::of(self.own.clone())))
    }

    /// Gives all settings their first values back. A client's own stay, empty.
    pub(crate) fn reset(&mut self) {
        let first = self.first();
        let assumed = self.assumed.clone();
        *self = Self { start: self.start.clone(), assumed, ..first.restored(self) };
    }

    /// These, which are of an earlier time, after `later` is undone: the client's own that are new since then are empty.
    pub(crate) fn restored(&self, later: &Self) -> Self {
        let mut settings = self.clone();
        for (key, custom) in later.custom.iter() {
            if !settings.custom.contains_key(key) {
                let emptied = Custom { name: custom.name.clone(), value: String::new() };
                Arc::make_mut(&mut settings.custom).insert(key.clone(), emptied);
            }
        }
        settings
    }

    /// Changes one setting; `None` is DEFAULT.
    ///
    /// # Errors
    /// 42704 for a setting that nobody knows, 42602 for a name that none can have, 22023 for a value that it cannot have,
    /// 55P02 for one that cannot be changed, 0A000 for those whose values are roles.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        if let Some(setting) = Assumable::named(name) {
            let words = format!("setting \"{}\" where no role is looked up", setting.name());
            return Err(Error::unsupported(words));
        }
        if name.eq_ignore_ascii_case(IS_SUPERUSER) {
            return Err(definition::cannot_change(IS_SUPERUSER));
        }
        let Some(known) = known::find(name) else { return self.set_custom(name, value) };
        match value {
            Some(value) => self.assign(known, value),
            None => {
                let first = self.first().kept(known);
                self.assign(known, &first)
            }
        }
    }

    fn assign(&mut self, known: &'static Definition, value: &str) -> Result<()> {
        match known.name {
            SEARCH_PATH => self.path.set(Some(value)),
            playbooks::NAME => self.playbooks.set(Some(value))?,
            EXACT => self.exact = boolean(EXACT, value)?,
            RESULT_CACHE => self.result_cache = boolean(RESULT_CACHE, value)?,
            READ_ONLY => self.default_read_only = boolean(READ_ONLY, value)?,
            EF_SEARCH => {
                let number = known.read(value)?;
                self.ef_search = number.parse().map_err(|_| value::invalid(EF_SEARCH, value))?;
            }
            LOG_MIN_DURATION => {
                let number = known.read(value)?;
                self.log_min_duration =
                    number.parse().map_err(|_| value::invalid(LOG_MIN_DURATION, value))?;
            }
            DATE_STYLE => {
                let style = date_style::read(&self.kept(known), value)?;
                self.keep(known, style);
            }
            TIME_ZONE => self.keep(known, time_zone::read(value)?),
            CLIENT_ENCODING => {
                // As PostgreSQL reads names of encodings: letters and digits alone.
                let plain = value.chars().filter(char::is_ascii_alphanumeric);
                let plain = plain.collect::<String>().to_ascii_lowercase();
                if !["utf8", "unicode"].contains(&plain.as_str()) {
                    return Err(Error::unsupported(format!("setting {CLIENT_ENCODING} to \"{value}\"")));
                }
            }
            // What is no printable ASCII is not shown to others as it is, as in PostgreSQL.
            APPLICATION_NAME => {
                let plain = value.bytes().map(|byte| match byte {
                    b' '..=b'~' => char::from(byte),
                    _ => '?',
                });
                self.keep(known, plain.take(LONGEST_NAME).collect());
            }
            ISOLATION => {
                let level = isolation(ISOLATION, value)?;
                self.keep(known, level.to_string());
            }
            // The session changes the block; here it is only looked at whether that may be.
            TRANSACTION_ISOLATION => isolation(TRANSACTION_ISOLATION, value).map(drop)?,
            TRANSACTION_READ_ONLY => boolean(TRANSACTION_READ_ONLY, value).map(drop)?,
            name => match self.timeouts.set(name, value) {
                Some(set) => set?,
                None => {
                    let value = known.read(value)?;
                    self.keep(known, value);
                }
            },
        }
        Ok(())
    }

    fn keep(&mut self, known: &'static Definition, value: String) {
        let texts = Arc::make_mut(&mut self.texts);
        if value == known.boot {
            texts.remove(known.name);
        } else {
            texts.insert(known.name, value);
        }
    }

    fn set_custom(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        check_custom(name)?;
        let key = name.to_ascii_lowercase();
        let first = || {
            let first = self.start.as_ref().and_then(|start| start.custom.get(&key));
            first.map(|custom| custom.value.clone()).unwrap_or_default()
        };
        let value = value.map_or_else(first, str::to_string);
        let custom = Arc::make_mut(&mut self.custom);
        match custom.get_mut(&key) {
            Some(custom) => custom.value = value,
            None => {
                custom.insert(key, Custom { name: name.to_string(), value });
            }
        }
        Ok(())
    }

    /// A setting's value as SHOW tells it.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        if Assumable::named(name) == Some(Assumable::Role) {
            return Some(self.assumed.role_name().to_string());
        }
        match known::find(name) {
            Some(known) => Some(known.shown(&self.kept(known))),
            None => self.custom.get(&name.to_ascii_lowercase()).map(|custom| custom.value.clone()),
        }
    }

    /// A setting's value in its unit.
    fn kept(&self, known: &'static Definition) -> String {
        match known.name {
            SEARCH_PATH => self.path.to_string(),
            playbooks::NAME => self.playbooks.max_distance().to_string(),
            EXACT => on_or_off(self.exact).to_string(),
            RESULT_CACHE => on_or_off(self.result_cache).to_string(),
            READ_ONLY => on_or_off(self.default_read_only).to_string(),
            EF_SEARCH => self.ef_search.to_string(),
            LOG_MIN_DURATION => self.log_min_duration.to_string(),
            MAX_CONNECTIONS => self.own.max_connections().to_string(),
            TRANSACTION_ISOLATION => {
                self.modes.map_or_else(|| self.default_isolation(), |modes| modes.isolation).to_string()
            }
            TRANSACTION_READ_ONLY => {
                on_or_off(self.modes.map_or(self.default_read_only, |modes| modes.read_only)).to_string()
            }
            name => match self.timeouts.get(name) {
                Some(timeout) => timeout,
                None => self.texts.get(name).cloned().unwrap_or_else(|| known.boot.to_string()),
            },
        }
    }

    /// The level of isolation that transactions have unless they say otherwise.
    pub(super) fn default_isolation(&self) -> Isolation {
        let level = self.texts.get(ISOLATION).and_then(|level| isolation(ISOLATION, level).ok());
        level.unwrap_or(LEVELS.0)
    }

    /// The name of the zone; of all that are UTC it is that.
    pub(crate) fn zone_name(&self) -> &str {
        let name = self.texts.get(TIME_ZONE).map_or("UTC", String::as_str);
        if time_zone::is_utc(name) { "UTC" } else { name }
    }

    /// The zone that the clocks of `timestamptz` are shown in.
    ///
    /// # Errors
    /// 0A000 for a zone that is not known here.
    pub(crate) fn zone(&self) -> Result<Tz> {
        let name = self.texts.get(TIME_ZONE).map_or("UTC", String::as_str);
        name.parse().map_err(|_| Error::unsupported(format!("the time zone \"{name}\"")))
    }

    /// All settings, by name.
    pub(crate) fn all(&self) -> Vec<Told> {
        let (first, boot) = (self.first(), Self::of(self.own.clone()));
        let mut all: Vec<Told> = known::all()
            .map(|known| {
                let (kept, reset) = (self.kept(known), first.kept(known));
                let source = match () {
                    () if kept != reset => "session",
                    () if self.start.is_some() && kept != boot.kept(known) => "client",
                    () => "default",
                };
                let (name, shown) = (known.name.to_string(), known.shown(&kept));
                Told { name, definition: Some(known), kept, shown, reset, source }
            })
            .collect();
        all.extend(self.custom.iter().map(|(key, custom)| {
            let first = first.custom.get(key).map(|custom| custom.value.clone());
            let (kept, reset) = (custom.value.clone(), first.unwrap_or_default());
            let source = if kept == reset { "client" } else { "session" };
            Told { name: custom.name.clone(), definition: None, shown: kept.clone(), kept, reset, source }
        }));
        all.sort_by_key(|told| told.name.to_ascii_lowercase());
        all
    }
}

/// Whether a value that was taken for a Boolean means on.
pub(super) fn is_on(value: &str) -> bool {
    boolean(TRANSACTION_READ_ONLY, value).unwrap_or(false)
}

/// The name of a setting as SHOW writes it.
pub(crate) fn name_of(name: &str) -> &str {
    match Assumable::named(name) {
        Some(setting) => setting.name(),
        None if name.eq_ignore_ascii_case(IS_SUPERUSER) => IS_SUPERUSER,
        None => known::find(name).map_or(name, |known| known.name),
    }
}

/// Whether only superusers change a setting.
pub(crate) fn is_for_superusers(name: &str) -> bool {
    known::find(name).is_some_and(|known| known.context == definition::Context::Superuser)
}

/// What others are told.
pub(crate) fn denied(name: &str) -> String {
    format!("permission denied to set parameter \"{}\"", name_of(name))
}

/// The error for a setting that nobody knows.
pub(crate) fn unknown(name: &str) -> Error {
    Error::new(SqlState::UndefinedObject, format!("unrecognized configuration parameter \"{name}\""))
}

#[cfg(test)]
mod tests;
