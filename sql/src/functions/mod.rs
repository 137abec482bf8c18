//! What Muster adds to SQL's functions.
//!
//! - [`table`]: table functions, one file each.
//! - [`scalar`]: scalar functions, one file each.
//! - [`aggregate`]: aggregate functions, one file each.

pub(crate) mod aggregate;
pub(crate) mod scalar;
pub(crate) mod table;
