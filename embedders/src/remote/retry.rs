//! What is tried again, and when: exponential backoff with jitter, or what the provider asks for.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::StatusCode;

/// The wait after the first failure; it doubles from failure to failure.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait of our own choice.
const LONGEST: Duration = Duration::from_secs(10);
/// The longest wait that a provider may ask for; who asks for more is taken to be down.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The next attempt may succeed; the provider may have said when.
    Passing { reason: String, after: Option<Duration> },
    /// No attempt will.
    Lasting { reason: String },
}

impl Failure {
    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self::Passing { reason: reason.into(), after: None }
    }

    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self::Lasting { reason: reason.into() }
    }

    /// The failure that an answer with this status is. `after` is the header `Retry-After`.
    pub(super) fn of_status(status: StatusCode, said: &str, after: Option<&str>) -> Self {
        let reason = format!("it answered {status}{said}");
        if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
            return Self::Lasting { reason };
        }
        match after.and_then(|after| asked(after, Utc::now())) {
            Some(after) if after > LONGEST_ASKED => {
                Self::Lasting { reason: format!("{reason}, and asked to wait {} s", after.as_secs()) }
            }
            after => Self::Passing { reason, after },
        }
    }
}

/// What a provider asks for: seconds, or a time of day.
fn asked(after: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(seconds) = after.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(after.trim()).ok()?;
    // A time that has passed is now.
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

/// The wait after failure number `failures`, counted from 0. `draw` is between 0 and 1.
pub(super) fn backoff(failures: u32, draw: f64) -> Duration {
    let whole = FIRST.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX)).min(LONGEST);
    // Between half and all of it, so that those who failed together do not come back together.
    whole.mul_f64(0.5 + draw.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        assert_eq!(backoff(0, 1.0), FIRST);
        assert_eq!(backoff(0, 0.0), FIRST / 2);
        assert_eq!(backoff(3, 1.0), FIRST * 8);
        for failures in [6, 31, 32, 1000] {
            assert_eq!(backoff(failures, 1.0), LONGEST, "{failures}");
        }
    }

    #[test]
    fn a_provider_may_say_when() {
        let now = DateTime::parse_from_rfc3339("2025-10-21T07:27:50Z").unwrap().with_timezone(&Utc);
        assert_eq!(asked("7", now), Some(Duration::from_secs(7)));
        assert_eq!(asked("Tue, 21 Oct 2025 07:28:00 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(asked("Tue, 21 Oct 2025 07:27:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(asked("soon", now), None);
    }

    #[test]
    fn clients_faults_are_not_repeated() {
        let of =
            |status: u16, after| Failure::of_status(StatusCode::from_u16(status).unwrap(), ": no", after);
        for status in [301, 400, 401, 404, 413, 422] {
            assert!(matches!(of(status, Some("1")), Failure::Lasting { .. }), "{status}");
        }
        for status in [429, 500, 502, 503, 504] {
            let passing = matches!(of(status, Some("1")), Failure::Passing { after: Some(after), .. } if after.as_secs() == 1);
            assert!(passing, "{status}");
        }
        assert!(
            matches!(of(503, Some("3600")), Failure::Lasting { reason } if reason.ends_with("asked to wait 3600 s"))
        );
    }
}
