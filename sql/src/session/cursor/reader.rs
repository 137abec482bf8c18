//! A cursor's rows: those that the query has given and that are kept, those that it has still to give, and the place.
//!
//! Places are counted in rows: 0 is before the first, n on the n-th, one more than there are after the last. Invariant: a
//! cursor that only goes forward keeps no row that it has passed.

use std::collections::VecDeque;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use datafusion::execution::memory_pool::MemoryReservation;
use futures::StreamExt;
use futures::stream::BoxStream;

use super::direction::Direction;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
pub(super) struct Reader {
    /// What the query has still to give; `None` once it has given all.
    source: Option<BoxStream<'static, Result<RecordBatch>>>,
    scroll: bool,
    /// Batches in order, with the number of rows before each and what is counted of its memory.
    kept: VecDeque<(u64, RecordBatch, usize)>,
    /// Rows that the query has given.
    rows: u64,
    place: u64,
    /// The memory of `kept`, where it may become much.
    memory: MemoryReservation,
}

/// What is left to be given of a FETCH.
#[derive(Clone, Copy, Debug)]
pub(super) enum Span {
    Forward(u64),
    Backward(u64),
}

impl Reader {
    pub(super) fn new(
        source: BoxStream<'static, Result<RecordBatch>>,
        scroll: bool,
        memory: MemoryReservation,
    ) -> Self {
        Self { source: Some(source), scroll, kept: VecDeque::new(), rows: 0, place: 0, memory }
    }

    /// Reads one batch more; false at the end. With `all` it is to be kept for long.
    async fn read(&mut self, all: bool) -> Result<bool> {
        let Some(source) = &mut self.source else { return Ok(false) };
        match source.next().await.transpose()? {
            Some(batch) => {
                // The one batch that is read through is not counted, as nowhere.
                let counts = all || self.scroll || !self.kept.is_empty();
                let size = if counts { batch.get_array_memory_size() } else { 0 };
                self.memory.try_grow(size)?;
                let before = self.rows;
                self.rows += batch.num_rows() as u64;
                if batch.num_rows() > 0 {
                    self.kept.push_back((before, batch, size));
                }
                Ok(true)
            }
            None => {
                self.source = None;
                Ok(false)
            }
        }
    }

    /// Reads and keeps all that is left.
    pub(super) async fn read_all(&mut self) -> Result<()> {
        while self.read(true).await? {}
        // Those that were read before are kept for as long.
        for (_, batch, counted) in self.kept.iter_mut().filter(|(_, _, counted)| *counted == 0) {
            *counted = batch.get_array_memory_size();
            self.memory.try_grow(*counted)?;
        }
        Ok(())
    }

    /// Reads until there is a row of this number, or no more.
    async fn read_to(&mut self, row: u64) -> Result<()> {
        while self.rows < row && self.read(false).await? {}
        Ok(())
    }

    /// The batch with the row of this number, and its place there.
    fn find(&self, row: u64) -> Option<(&RecordBatch, usize)> {
        let after = self.kept.partition_point(|(before, ..)| *before < row);
        let (before, batch, _) = self.kept.get(after.checked_sub(1)?)?;
        let place = usize::try_from(row - before).ok()?.checked_sub(1)?;
        (place < batch.num_rows()).then_some((batch, place))
    }

    /// Forgets batches that were passed.
    fn forget(&mut self) {
        while !self.scroll
            && let Some((before, batch, size)) = self.kept.front()
            && before + batch.num_rows() as u64 <= self.place
        {
            self.memory.shrink(*size);
            self.kept.pop_front();
        }
    }

    /// Goes to where a FETCH begins, and says what it then gives.
    ///
    /// # Errors
    /// 55000 where the cursor only goes forward; what reading gives.
    pub(super) async fn begin(&mut self, direction: Direction) -> Result<Span> {
        match direction {
            Direction::Forward(rows) => Ok(Span::Forward(rows)),
            Direction::Backward(rows) => {
                self.check_scroll()?;
                Ok(Span::Backward(rows))
            }
            Direction::Relative(0) => {
                let on_row = self.place > 0 && self.place <= self.rows;
                if on_row {
                    self.check_scroll()?;
                    self.place -= 1;
                }
                Ok(Span::Forward(u64::from(on_row)))
            }
            Direction::Relative(rows) if rows > 0 => {
                self.skip(rows.unsigned_abs() - 1).await?;
                Ok(Span::Forward(1))
            }
            Direction::Relative(rows) => {
                self.check_scroll()?;
                self.place = self.place.saturating_sub(rows.unsigned_abs() - 1);
                Ok(Span::Backward(1))
            }
            Direction::Absolute(row) if row > 0 => {
                let before = row.unsigned_abs() - 1;
                if before < self.place {
                    self.check_scroll()?;
                    self.place = before;
                } else {
                    self.skip(before - self.place).await?;
                }
                Ok(Span::Forward(1))
            }
            Direction::Absolute(0) => {
                if self.place > 0 {
                    self.check_scroll()?;
                }
                self.place = 0;
                Ok(Span::Forward(0))
            }
            Direction::Absolute(row) => {
                self.check_scroll()?;
                self.read_all().await?;
                let row = (self.rows + 1).checked_sub(row.unsigned_abs()).filter(|row| *row > 0);
                self.place = row.map_or(0, |row| row - 1);
                Ok(Span::Forward(u64::from(row.is_some())))
            }
        }
    }

    /// Passes so many rows, or all that are left.
    async fn skip(&mut self, mut rows: u64) -> Result<()> {
        while rows > 0 {
            let passed = self.next(rows, |_, _, _| Ok(())).await?;
            let Some(((), count)) = passed else { return Ok(()) };
            rows -= count;
        }
        Ok(())
    }

    /// The next rows of a span, and what is left of it; `None` when it is done.
    pub(super) async fn advance(&mut self, span: Span) -> Result<Option<(RecordBatch, Span)>> {
        match span {
            Span::Forward(0) | Span::Backward(0) => Ok(None),
            Span::Forward(left) => {
                let slice = |batch: &RecordBatch, place: usize, count: usize| Ok(batch.slice(place, count));
                let next = self.next(left, slice).await?;
                Ok(next.map(|(batch, count)| (batch, Span::Forward(left - count))))
            }
            Span::Backward(left) => {
                let batch = self.previous(left)?;
                Ok(batch.map(|batch| {
                    let left = left - batch.num_rows() as u64;
                    (batch, Span::Backward(left))
                }))
            }
        }
    }

    /// Goes forward by up to `most` rows of one batch, with what `take` makes of them; `None` after the last.
    async fn next<T>(
        &mut self,
        most: u64,
        take: impl Fn(&RecordBatch, usize, usize) -> Result<T>,
    ) -> Result<Option<(T, u64)>> {
        let row = self.place.saturating_add(1);
        self.read_to(row).await?;
        let Some((batch, place)) = self.find(row) else {
            self.place = self.rows + 1;
            self.forget();
            return Ok(None);
        };
        let count = (batch.num_rows() - place).min(usize::try_from(most).unwrap_or(usize::MAX));
        let taken = take(batch, place, count)?;
        self.place += count as u64;
        self.forget();
        Ok(Some((taken, count as u64)))
    }

    /// Goes back by up to `most` rows of one batch; `None` before the first.
    fn previous(&mut self, most: u64) -> Result<Option<RecordBatch>> {
        let row = self.place.min(self.rows + 1).saturating_sub(1);
        let Some((batch, place)) = self.find(row) else {
            self.place = 0;
            return Ok(None);
        };
        let count = (place + 1).min(usize::try_from(most).unwrap_or(usize::MAX));
        let rows: UInt64Array = (0..count).map(|back| (place - back) as u64).collect();
        let batch = take_record_batch(batch, &rows)?;
        self.place = row + 1 - count as u64;
        Ok(Some(batch))
    }

    fn check_scroll(&self) -> Result<()> {
        if self.scroll {
            return Ok(());
        }
        Err(Error::new(SqlState::ObjectNotInPrerequisiteState, "cursor can only scan forward")
            .with_hint("Declare it with SCROLL option to enable backward scan."))
    }
}

#[cfg(test)]
mod tests;
