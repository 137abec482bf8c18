//! Primary keys and unique constraints: how they are looked up and enforced.
//!
//! [`KeyEncoder`] makes keys comparable, [`KeyIndex`] finds candidates, [`unique`] decides. [`KeySet`] is
//! for keys that other tables' rows refer to. Invariant: a duplicate is
//! reported only after the two keys themselves were compared. [`lookup`] finds rows by columns that are no key.

pub(crate) mod encoder;
pub(crate) mod index;
pub(crate) mod key_set;
pub(crate) mod lookup;
pub(crate) mod unique;

pub(crate) use encoder::{Hashed, KeyEncoder};
pub(crate) use index::KeyIndex;
pub use key_set::KeySet;
pub(crate) use lookup::Lookups;
