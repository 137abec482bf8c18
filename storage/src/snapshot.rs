//! Everything there is at one commit.
//!
//! It is immutable and shared; readers never wait for writers. It does not keep the folder locked. Invariant: what a
//! snapshot shows was durable before anybody saw it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Table;

/// What the names of tables begin with that [`Snapshot::tables`] leaves out.
pub const UNLISTED: char = '\u{1f}';

/// Bytes by kind and name.
pub(crate) type Objects = BTreeMap<(String, String), Arc<Vec<u8>>>;

/// All tables at one commit.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) version: u64,
    pub(crate) tables: BTreeMap<String, Arc<Table>>,
    pub(crate) objects: Arc<Objects>,
    pub(crate) marks: Arc<BTreeMap<String, u64>>,
    pub(crate) counters: Counters,
}

/// Stands for all objects of a snapshot: what was worked out of them is good as long as they are the same.
#[derive(Clone)]
pub struct ObjectsId(Arc<Objects>);

/// What the objects are is nobody's business who only compares.
impl std::fmt::Debug for ObjectsId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectsId").finish_non_exhaustive()
    }
}

impl ObjectsId {
    /// Whether the snapshot has the same objects. Equal ones that were put anew are others.
    pub fn is_of(&self, snapshot: &Snapshot) -> bool {
        Arc::ptr_eq(&self.0, &snapshot.objects)
    }
}

/// The next numbers to be given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) table: u64,
    pub(crate) index: u64,
    /// For segments, and for generations of index files.
    pub(crate) file: u64,
}

impl Snapshot {
    /// The number of the commit; it grows with each.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// The object of that kind and name.
    pub fn object(&self, kind: &str, name: &str) -> Option<&Arc<Vec<u8>>> {
        self.objects.get(&(kind.to_owned(), name.to_owned()))
    }

    /// The objects of a kind with their names, in the order of these.
    pub fn objects<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Arc<Vec<u8>>)> + 'a {
        let of_kind = self.objects.range((kind.to_owned(), String::new())..);
        let of_kind = of_kind.take_while(move |((other, _), _)| other == kind);
        of_kind.map(|((_, name), value)| (name.as_str(), value))
    }

    /// Which objects the snapshot has: see [`ObjectsId`].
    pub fn objects_id(&self) -> ObjectsId {
        ObjectsId(self.objects.clone())
    }

    /// The mark of that name; 0 when it was never raised.
    pub fn mark(&self, name: &str) -> u64 {
        self.marks.get(name).copied().unwrap_or_default()
    }

    /// The tables, in the order of their names, without those whose names begin with [`UNLISTED`]: the layers above keep
    /// something of their own in these, and list them nowhere.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> + '_ {
        self.all_tables().filter(|table| !table.definition().name.starts_with(UNLISTED))
    }

    /// All tables, in the order of their names.
    pub fn all_tables(&self) -> impl Iterator<Item = &Arc<Table>> + '_ {
        self.tables.values()
    }
}
