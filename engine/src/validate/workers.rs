//! What the rules ask about workers, and of whom. Where the answers are kept is the caller's matter.

use std::collections::HashMap;

/// What the rules have to know of a worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worker {
    /// The full name.
    pub name: String,
    /// `active`, or why not.
    pub status: String,
    /// The city, if it is known.
    pub city: Option<String>,
    /// The state, if it is known.
    pub state: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// The clients that will not have this worker.
    pub blacklisted_clients: Vec<String>,
}

/// Workers by their ids.
pub trait Workers {
    /// The worker of this id; `None` where there is none.
    fn worker(&self, id: &str) -> Option<&Worker>;
}

impl Workers for HashMap<String, Worker> {
    fn worker(&self, id: &str) -> Option<&Worker> {
        self.get(id)
    }
}
