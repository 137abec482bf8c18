//! How fast background work may write, and whether it goes on at all.
//!
//! It sleeps; it holds no lock while it does. Invariant: over the whole work the rate is kept, and a pause is never so
//! long that a cancelled work would be waited for.

use std::time::{Duration, Instant};

use super::Inner;
use crate::{Error, Result};

/// The longest that is slept without asking whether to go on.
const NAP: Duration = Duration::from_millis(50);

/// Pauses shorter than this are saved up.
const WORTHWHILE: Duration = Duration::from_millis(2);

/// The pace of one piece of work.
pub(super) struct Pace<'a> {
    store: &'a Inner,
    /// Bytes a second; `None` for as fast as it goes.
    rate: Option<u64>,
    continues: &'a dyn Fn() -> bool,
    began: Instant,
    bytes: u64,
}

impl<'a> Pace<'a> {
    pub(super) fn new(store: &'a Inner, rate: Option<u64>, continues: &'a dyn Fn() -> bool) -> Self {
        Self { store, rate: rate.map(|rate| rate.max(1)), continues, began: Instant::now(), bytes: 0 }
    }

    /// What says whether the work is to go on.
    pub(super) fn continues(&self) -> &'a dyn Fn() -> bool {
        self.continues
    }

    /// After `bytes` more were written: waits until they may have been.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when the work is not to go on.
    pub(super) fn step(&mut self, bytes: u64) -> Result<()> {
        self.bytes += bytes;
        loop {
            if !(self.continues)() {
                return Err(Error::Cancelled);
            }
            // Somebody who waits for the work to end takes the brake off.
            let Some(rate) = self.rate.filter(|_| !self.store.is_hurried()) else { return Ok(()) };
            let due = Duration::from_secs_f64(self.bytes as f64 / rate as f64);
            let ahead = due.saturating_sub(self.began.elapsed());
            if ahead < WORTHWHILE {
                return Ok(());
            }
            std::thread::sleep(ahead.min(NAP));
        }
    }
}
