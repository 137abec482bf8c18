//! How many may be in: places for all, a few kept for superusers, and the limits of roles.
//!
//! Places are taken by those who have shown who they are. Invariant: a place is free again when its [`Place`] is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use muster::Role;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Error, Result};

/// Places that only superusers take (PostgreSQL's `superuser_reserved_connections`), as far as there are others.
const RESERVED: usize = 3;

/// See the module.
#[derive(Clone)]
pub(super) struct Places {
    limit: usize,
    ordinary: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    of_roles: Arc<Mutex<HashMap<u64, u32>>>,
}

/// A place that is taken.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    role: Option<u64>,
    of_roles: Arc<Mutex<HashMap<u64, u32>>>,
}

impl Places {
    pub(super) fn new(limit: usize) -> Self {
        let reserved = RESERVED.min(limit.saturating_sub(1));
        Self {
            limit,
            ordinary: Arc::new(Semaphore::new(limit - reserved)),
            reserved: Arc::new(Semaphore::new(reserved)),
            of_roles: Arc::default(),
        }
    }

    /// Takes a place for a session of a role; of nobody in particular, who is a superuser, without one.
    ///
    /// # Errors
    /// 53300 when there is none.
    pub(super) fn take(&self, role: Option<&Role>) -> Result<Place> {
        let superuser = role.is_none_or(|role| role.superuser);
        let permit = match self.ordinary.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) if superuser => self
                .reserved
                .clone()
                .try_acquire_owned()
                .map_err(|_| Error::TooManyConnections { limit: self.limit })?,
            Err(_) if self.reserved.available_permits() > 0 => return Err(Error::ReservedConnections),
            Err(_) => return Err(Error::TooManyConnections { limit: self.limit }),
        };
        let place = |role| Place { _permit: permit, role, of_roles: self.of_roles.clone() };
        let Some(role) = role else { return Ok(place(None)) };
        let mut of_roles = self.of_roles.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = of_roles.entry(role.id).or_default();
        if !superuser && role.connection_limit.is_some_and(|limit| *taken >= limit) {
            return Err(Error::TooManyOfRole { name: role.name.clone() });
        }
        *taken += 1;
        Ok(place(Some(role.id)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(role) = self.role else { return };
        let mut of_roles = self.of_roles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = of_roles.get_mut(&role) {
            *taken -= 1;
            if *taken == 0 {
                of_roles.remove(&role);
            }
        }
    }
}
