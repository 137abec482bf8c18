//! Measurements of the engine: what they run on, and how they say what they found.
//!
//! The programs are `recall` (recall against latency) and the criterion bench `kernels`. They print; they
//! assert nothing, since timings are no tests.

pub mod data;
pub mod measure;
