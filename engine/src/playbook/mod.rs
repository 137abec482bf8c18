//! Playbooks: answers that worked, and what they change for the next who asks the same.
//!
//! - [`strength`] and [`boost`]: how much a playbook lifts its answer.
//! - [`rank`]: what was found and what playbooks recommend, in one list.
//!
//! It stores no playbooks and finds none.

mod need;
mod ranking;
mod strength;

pub use need::Need;
pub use ranking::{Ranked, Recommendation, Source, rank, strongest};
pub use strength::{boost, strength};
