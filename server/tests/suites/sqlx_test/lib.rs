//! What sqlx's tests call that its published package leaves out: connections by `DATABASE_URL`, and the macros that make
//! tests of types out of SQL expressions and values.
//!
//! Each type is sent twice as a parameter and read back; the server says whether the first equals the expression.

use sqlx::pool::PoolOptions;
use sqlx::{Connection, Database, Pool};

#[doc(hidden)]
pub use {anyhow, paste, sqlx};

/// Nothing is to be set up: who runs the tests sets the environment.
pub fn setup_if_needed() {}

fn url() -> anyhow::Result<String> {
    Ok(std::env::var("DATABASE_URL")?)
}

/// A connection.
pub async fn new<DB: Database>() -> anyhow::Result<DB::Connection> {
    Ok(DB::Connection::connect(&url()?).await?)
}

/// A small pool.
pub async fn pool<DB: Database>() -> anyhow::Result<Pool<DB>> {
    let options = PoolOptions::<DB>::new().min_connections(0).max_connections(5);
    Ok(options.test_before_acquire(true).connect(&url()?).await?)
}

/// Whether `$1` equals the expression `{0}`, the expression, and `$2`.
pub const EQUAL: &str = "SELECT ({0} is not distinct from $1)::int4, {0}, $2";
/// The same of geometric types.
pub const SAME: &str = "SELECT ({0} ~= $1)::int4, {0}, $2";
/// The same of arrays of geometric types.
pub const SAME_EACH: &str = "SELECT (SELECT bool_and(one ~= other) FROM unnest({0}, $1) AS pairs (one, other))::int4, {0}, $2";

/// Makes tests by both protocols.
#[macro_export]
macro_rules! test_type {
    ($name:ident<$ty:ty>($($rest:tt)*)) => {
        $crate::test_unprepared_type!($name<$ty>($($rest)*));
        $crate::test_prepared_type!($name<$ty>($($rest)*));
    };
    ($name:ident($($rest:tt)*)) => {
        $crate::test_type!($name<$name>($($rest)*));
    };
}

/// Makes tests by both protocols of a type that is only read.
#[macro_export]
macro_rules! test_decode_type {
    ($name:ident<$ty:ty>($db:ident, $($text:literal == $value:expr),+ $(,)?)) => {
        $crate::test_unprepared_type!($name<$ty>($db, $($text == $value),+));
        $crate::paste::paste! {
            #[tokio::test]
            async fn [<test_prepared_decode_type_ $name>]() -> anyhow::Result<()> {
                use sqlx::Row;
                let mut conn = $crate::new::<$db>().await?;
                $(
                    let row = sqlx::query(&format!("SELECT {}", $text)).fetch_one(&mut conn).await?;
                    let read: $ty = row.try_get(0)?;
                    assert!($value == read, "{} was read as {read:?}", $text);
                )+
                Ok(())
            }
        }
    };
    ($name:ident($($rest:tt)*)) => {
        $crate::test_decode_type!($name<$name>($($rest)*));
    };
}

/// Makes a test by the simple protocol.
#[macro_export]
macro_rules! test_unprepared_type {
    ($name:ident<$ty:ty>($db:ident, $sql:literal, $($rest:tt)+)) => {
        $crate::test_unprepared_type!($name<$ty>($db, $($rest)+));
    };
    ($name:ident<$ty:ty>($db:ident, $($text:literal ~= $value:expr),+ $(,)?)) => {
        $crate::test_unprepared_type!($name<$ty>($db, $($text == $value),+));
    };
    ($name:ident<$ty:ty>($db:ident, $($text:literal @= $value:expr),+ $(,)?)) => {
        $crate::test_unprepared_type!($name<$ty>($db, $($text == $value),+));
    };
    ($name:ident<$ty:ty>($db:ident, $($text:literal == $value:expr),+ $(,)?)) => {
        $crate::paste::paste! {
            #[tokio::test]
            async fn [<test_unprepared_type_ $name>]() -> anyhow::Result<()> {
                use sqlx::{Executor, Row};
                let mut conn = $crate::new::<$db>().await?;
                $(
                    let row = conn.fetch_one(&*format!("SELECT {}", $text)).await?;
                    let read: $ty = row.try_get(0)?;
                    assert!($value == read, "{} was read as {read:?}", $text);
                )+
                Ok(())
            }
        }
    };
}

/// Makes a test by the extended protocol.
#[macro_export]
macro_rules! test_prepared_type {
    ($name:ident<$ty:ty>($db:ident, $sql:literal, $($text:literal == $value:expr),+ $(,)?)) => {
        $crate::test_sent_type!($name<$ty>($db, $sql, $($text == $value),+));
    };
    ($name:ident<$ty:ty>($db:ident, $($text:literal == $value:expr),+ $(,)?)) => {
        $crate::test_sent_type!($name<$ty>($db, $crate::EQUAL, $($text == $value),+));
    };
    ($name:ident<$ty:ty>($db:ident, $($text:literal ~= $value:expr),+ $(,)?)) => {
        $crate::test_sent_type!($name<$ty>($db, $crate::SAME, $($text == $value),+));
    };
    ($name:ident<$ty:ty>($db:ident, $($text:literal @= $value:expr),+ $(,)?)) => {
        $crate::test_sent_type!($name<$ty>($db, $crate::SAME_EACH, $($text == $value),+));
    };
    ($name:ident($($rest:tt)*)) => {
        $crate::test_prepared_type!($name<$name>($($rest)*));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! test_sent_type {
    ($name:ident<$ty:ty>($db:ident, $sql:expr, $($text:literal == $value:expr),+)) => {
        $crate::paste::paste! {
            #[tokio::test]
            async fn [<test_prepared_type_ $name>]() -> anyhow::Result<()> {
                use sqlx::Row;
                let mut conn = $crate::new::<$db>().await?;
                $(
                    let sql = $sql.replace("{0}", $text);
                    let row = sqlx::query(&sql).bind($value).bind($value).fetch_one(&mut conn).await?;
                    let equal: i32 = row.try_get(0)?;
                    let read: $ty = row.try_get(1)?;
                    let back: $ty = row.try_get(2)?;
                    assert!(equal != 0, "{} is not what was sent, but {read:?}", $text);
                    assert!($value == read, "{} was read as {read:?}", $text);
                    assert!($value == back, "{} came back as {back:?}", $text);
                )+
                Ok(())
            }
        }
    };
}
