//! Audit baselines: what was measured, and how two measurements differ.
//!
//! - [`drift`]: metric by metric, whether it moved.
//!
//! It reads no log and keeps none.

mod drift;

pub use drift::{Drift, DriftStatus, drift};
