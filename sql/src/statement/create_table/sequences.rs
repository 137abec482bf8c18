//! The sequences of a table's serial and identity columns: named, and written into the columns' defaults.

use muster_storage::Snapshot;

use super::super::sequence::{name_for, new};
use super::builder::Builder;
use crate::catalog::{Namespace, RelationName, SearchPath, Sequence, object};
use crate::{Result, column, sequence};

/// Names the sequences of the columns that are put together, and gives the columns their defaults.
///
/// # Errors
/// 22023 for options that contradict each other.
pub(in super::super) fn name(snapshot: &Snapshot, table: &mut Builder) -> Result<Vec<(String, Sequence)>> {
    let path = SearchPath::new(0);
    let namespace = Namespace { snapshot, path: &path };
    let owner = RelationName::of_stored(&table.name);
    let mut named = Vec::with_capacity(table.sequences.len());
    for wanted in std::mem::take(&mut table.sequences) {
        let name = name_for(namespace, &owner, &wanted.column);
        let mut said = wanted.said;
        said.owner = Some(Some((table.name.clone(), wanted.column.clone())));
        let id = object::next(snapshot);
        named.push((name.stored(), new(&said, id, wanted.identity.is_some())?));
        if let Some(field) = table.fields.iter_mut().find(|field| field.name() == &wanted.column) {
            let mut with = column::with_default(field.clone(), &sequence::default_of(&name));
            if let Some(identity) = wanted.identity {
                with = column::with_identity(with, identity);
            }
            *field = with;
        }
    }
    Ok(named)
}
