//! Panics while statements are planned or run: a bug costs its statement (XX000), not the connection or the program.
//!
//! What it was working on is let go as after any error; locks here do not stay locked, and a transaction's changes are in
//! the transaction alone.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use futures::stream::{BoxStream, StreamExt};

use crate::{Error, Result};

/// The same work, whose panic is an error.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| Err(told(panic.as_ref())))
}

/// The same rows, which end in an error where they panicked.
pub(crate) fn caught_rows<T: 'static>(
    rows: impl futures::Stream<Item = Result<T>> + Send + 'static,
) -> BoxStream<'static, Result<T>> {
    let rows = AssertUnwindSafe(rows).catch_unwind();
    rows.map(|row| row.unwrap_or_else(|panic| Err(told(panic.as_ref())))).boxed()
}

fn told(panic: &(dyn Any + Send)) -> Error {
    let message = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(message), _) => message,
        (None, Some(message)) => message.as_str(),
        (None, None) => "of an unknown kind",
    };
    tracing::error!(message, "a statement panicked");
    Error::internal(format!("the statement met a bug: {message}"))
}

#[cfg(test)]
mod tests {
    use futures::stream::{self, StreamExt};

    use super::{caught, caught_rows};

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let error = caught(async { if true { panic!("broken {}", 1) } else { Ok(()) } }).await.unwrap_err();
        assert_eq!(error.sqlstate(), "XX000");
        assert!(error.to_string().contains("broken 1"), "{error}");
        let rows = stream::iter([1, 0, 2]).map(|divisor| Ok(2 / divisor));
        let mut rows = caught_rows(rows);
        assert_eq!(rows.next().await.unwrap().unwrap(), 2);
        assert!(rows.next().await.unwrap().is_err());
        assert!(rows.next().await.is_none(), "rows end with the error");
    }
}
