//! The numbers by which tables, indexes and segments are known in files and in the manifest.
//!
//! Invariant: the store hands each number out once in the life of a database, so a name that is used again never
//! meets the files of what was dropped.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A table, for as long as it exists; a table made again under the same name gets a new one.
    TableId
}
id! {
    /// A vector index.
    IndexId
}
id! {
    /// A segment: an immutable slice of a table.
    SegmentId
}
