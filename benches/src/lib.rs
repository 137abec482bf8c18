//! Measurements of the engine: what they run on, and how they say what they found.
//!
//! The programs are `muster-benches ann` (Muster beside its peers), `recall` (recall against latency), `filters`,
//! `stalls`, `validate` (drafts checked in one statement) and the criterion bench `kernels`. They print; they assert nothing, since timings are no tests.

pub mod ann;
pub mod data;
pub mod measure;
