//! Primary keys and unique constraints: how they are looked up and enforced.
//!
//! [`KeyEncoder`] makes keys comparable, [`KeyIndex`] finds candidates, [`unique`] decides. Invariant: a duplicate is
//! reported only after the two keys themselves were compared.

pub(crate) mod encoder;
pub(crate) mod index;
pub(crate) mod unique;

pub(crate) use encoder::{Hashed, KeyEncoder};
pub(crate) use index::KeyIndex;
