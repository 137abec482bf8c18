//! Errors on their way into DataFusion and arrow and back.
//!
//! It gives no SQLSTATE. Invariant: an error of this crate that crosses a plan comes back as the same error, however
//! often it was wrapped on the way.

use datafusion::error::DataFusionError;

use super::{Error, Report};

/// An error that crossed DataFusion comes back as what it was.
impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        fn unwrap(error: DataFusionError) -> std::result::Result<Error, DataFusionError> {
            match error {
                DataFusionError::External(inner) => match inner.downcast::<Error>() {
                    Ok(own) => Ok(*own),
                    Err(inner) => match inner.downcast::<DataFusionError>() {
                        Ok(inner) => unwrap(*inner),
                        Err(other) => Err(DataFusionError::External(other)),
                    },
                },
                DataFusionError::Context(context, inner) => {
                    unwrap(*inner).map_err(|inner| DataFusionError::Context(context, Box::new(inner)))
                }
                DataFusionError::Diagnostic(_, inner) => unwrap(*inner),
                DataFusionError::ArrowError(inner, backtrace) => match *inner {
                    arrow::error::ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
                        Ok(own) => Ok(*own),
                        Err(inner) => match inner.downcast::<DataFusionError>() {
                            Ok(inner) => unwrap(*inner),
                            Err(other) => Err(DataFusionError::External(other)),
                        },
                    },
                    other => Err(DataFusionError::ArrowError(Box::new(other), backtrace)),
                },
                DataFusionError::Collection(mut errors) if !errors.is_empty() => {
                    unwrap(errors.swap_remove(0))
                }
                // An error that several consumers share cannot be taken apart; what is inside is told by its text and state.
                DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
                    Ok(inner) => unwrap(inner),
                    Err(shared) => match find_own(&shared) {
                        Some(report) => Ok(Error::Statement(Box::new(report.clone()))),
                        None => Err(DataFusionError::Shared(shared)),
                    },
                },
                other => Err(other),
            }
        }
        unwrap(error).unwrap_or_else(|error| Self::Query(Box::new(error)))
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

fn find_own(error: &DataFusionError) -> Option<&Report> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if let Some(Error::Statement(report)) = error.downcast_ref::<Error>() {
            return Some(report);
        }
        source = error.source();
    }
    None
}
