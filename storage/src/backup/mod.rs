//! Backups: a folder that holds a database as it was at one commit.
//!
//! ```text
//!  backup.redb    the journal, written anew from the snapshot: manifest and unsealed rows
//!  segments/      the files that the manifest names, by the names that they have in the database
//!  LOCK
//! ```
//!
//! It is no database: its journal has another name, so nothing opens it by mistake. A backup into the same folder again
//! takes over the files that are there already. Segment files never change, so on one file system a backup and its
//! database share them by hard links. Invariant: `backup.redb` is named last, in one step, when all that it names is
//! durable; so a folder holds the backup before or the one after, whatever happens in between.

mod copy;
mod restore;
mod take;

pub use copy::{CopyProgress, CopyReport};
pub use restore::restore;
pub(crate) use take::take;

/// The journal of a backup.
pub(crate) const BACKUP: &str = "backup.redb";
