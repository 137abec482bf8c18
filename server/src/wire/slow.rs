//! The statement at hand: how long it takes, for the meter, and for the log where that is long.
//!
//! What is long says `log_min_duration_statement` of the session. As in PostgreSQL, a statement of the simple protocol takes from its
//! message to its tag, and one of the extended protocol is timed step by step. Its parameters are in no log. Invariant: a
//! statement is counted once, whether it ends well or not.

use std::time::{Duration, Instant};

use muster::Statement;

use super::connection::Client;

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A statement of a Query message.
    Statement,
    /// A Parse message: the statement is planned.
    Parse,
    /// A portal, all its Execute messages together.
    Execute,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Parse => "parse",
            Self::Execute => "execute",
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct AtHand {
    step: Step,
    statement: Statement,
    began: Instant,
    /// The time of earlier Execute messages.
    pub(super) before: Duration,
}

impl Client {
    /// A statement begins, or has begun a moment ago.
    pub(super) fn begin_statement(&mut self, step: Step, statement: &Statement, began: Instant) {
        let statement = statement.clone();
        self.at_hand = Some(AtHand { step, statement, began, before: Duration::ZERO });
    }

    /// It has ended, well or not; there may be none.
    pub(super) fn end_statement(&mut self) {
        let Some(AtHand { step, statement, began, before }) = self.at_hand.take() else { return };
        let took = before + began.elapsed();
        self.sink.meter().statement(statement.kind(), took);
        self.note_slow(step, &statement, took);
    }

    /// Its portal may go on later; gives the time that it took until now.
    pub(super) fn suspend_statement(&mut self) -> Duration {
        self.at_hand.take().map_or(Duration::ZERO, |at_hand| at_hand.before + at_hand.began.elapsed())
    }

    /// Logs a step that took long.
    pub(super) fn note_slow(&self, step: Step, statement: &Statement, took: Duration) {
        if self.session.log_min_duration().is_none_or(|least| took < least) {
            return;
        }
        let milliseconds = took.as_secs_f64() * 1e3;
        tracing::warn!(
            target: "muster::slow",
            pid = self.session.process(),
            user = self.user(),
            application = self.session.application(),
            step = step.name(),
            duration_ms = (milliseconds * 1e3).round() / 1e3,
            statement = %statement.loggable(),
            "slow statement"
        );
    }
}
