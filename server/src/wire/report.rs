//! What a client is told of an error, and of a notice: the fields of the message.
//!
//! It decides no SQLSTATE. Invariant: no field ends before its text does.

use pgwire::error::ErrorInfo;
use pgwire::messages::response::NoticeResponse;

use super::error::{Error, Severity};

impl Error {
    /// The fields of the `ErrorResponse`, with at least the severity given.
    pub(super) fn report(&self, least: Severity) -> ErrorInfo {
        let (code, own) = self.state();
        let severity = if least == Severity::Fatal || own == Severity::Fatal { "FATAL" } else { "ERROR" };
        let mut info = ErrorInfo::new(severity.to_string(), code.to_string(), clean(&self.to_string()));
        info.severity_nonlocalized = Some(severity.to_string());
        match self {
            Self::Database { source } => {
                info.detail = source.detail().map(|text| clean(&text));
                info.hint = source.hint().map(|text| clean(&text));
                info.table = source.table().map(clean);
                info.schema = source.schema().map(clean);
                info.where_context = source.context().map(clean);
                info.column = source.column().map(clean);
                info.constraint = source.constraint().map(clean);
                info.position = source.position().map(|position| position.to_string());
            }
            Self::UnknownDatabase { .. } => {
                info.hint =
                    Some("There is one database: connect to \"muster\" (or \"postgres\").".to_string());
            }
            Self::ParameterText { number, .. }
            | Self::ParameterRange { number, .. }
            | Self::ParameterDimensions { number, .. } => {
                info.where_context = Some(format!("bind parameter ${number}"));
            }
            Self::NotEncrypted => {
                info.hint = Some("Connect with sslmode=require, or verify-full.".to_string());
            }
            Self::NoParameters => {
                info.hint = Some("The simple query protocol carries no parameters.".to_string());
            }
            _ => {}
        }
        info
    }
}

/// The message of a notice.
pub(super) fn notice(notice: &muster::Notice) -> NoticeResponse {
    NoticeResponse::new(vec![
        (b'S', notice.severity.to_string()),
        (b'V', notice.severity.to_string()),
        (b'C', notice.sqlstate.to_string()),
        (b'M', clean(&notice.message)),
    ])
}

/// The text without what would end a field of the message early.
fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fatal_error_says_so_in_both_severity_fields() {
        let info = Error::ShuttingDown.report(Severity::Error);
        assert_eq!(info.severity, "FATAL");
        assert_eq!(info.severity_nonlocalized.as_deref(), Some("FATAL"));
        assert_eq!(info.code, "57P01");
    }

    #[test]
    fn during_startup_every_error_is_fatal() {
        let info = Error::Unsupported { feature: "replication".into() }.report(Severity::Fatal);
        assert_eq!((info.severity.as_str(), info.code.as_str()), ("FATAL", "0A000"));
    }

    #[test]
    fn a_zero_byte_does_not_cut_the_message() {
        let info = Error::UnknownDatabase { name: "a\0b".into() }.report(Severity::Error);
        assert_eq!(info.message, "database \"a\u{fffd}b\" does not exist");
    }
}
