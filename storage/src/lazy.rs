//! A value made at first use, by code that can fail.
//!
//! It is not a cache: what was made stays until its owner lets it go. Invariant: at most one thread makes the value; a
//! failure leaves it unmade, so the next use tries again.

use parking_lot::Mutex;

/// A value made at first use.
#[derive(Debug)]
pub(crate) struct Lazy<T>(Mutex<Option<T>>);

impl<T> Default for Lazy<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Lazy<T> {
    /// Whether the value is made.
    pub(crate) fn is_made(&self) -> bool {
        // Whoever holds the lock is making it.
        self.0.try_lock().is_some_and(|slot| slot.is_some())
    }

    /// Lets the value go: the next use makes it anew.
    pub(crate) fn forget(&self) {
        *self.0.lock() = None;
    }

    /// Lets the value go if it is this one.
    pub(crate) fn forget_if(&self, is_it: impl FnOnce(&T) -> bool) {
        let mut slot = self.0.lock();
        if slot.as_ref().is_some_and(is_it) {
            *slot = None;
        }
    }

    /// The value, made by `make` if it was not yet.
    pub(crate) fn get_or_try<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let mut slot = self.0.lock();
        if let Some(value) = slot.as_ref() {
            return Ok(value.clone());
        }
        let value = make()?;
        *slot = Some(value.clone());
        Ok(value)
    }
}
