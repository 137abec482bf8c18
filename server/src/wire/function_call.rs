//! The FunctionCall message: one function of `pg_proc` by its object id, its value in a message of its own.
//!
//! libpq's large objects are reached by it. It is run as the query that calls the function, so it is part of transactions,
//! counted, timed and cancelled as one.

use std::time::Instant;

use bytes::{BufMut, BytesMut};
use futures::TryStreamExt;
use muster::TransactionStatus;

use super::connection::Client;
use super::encode::{Layout, check_formats};
use super::error::{Error, Result};
use super::message::FunctionCall;
use super::settings::time_zone;
use super::slow::Step;
use super::{params, types};

/// What stands before the value in a message of one row: its type, its length, how many values there are.
const BEFORE_VALUE: usize = 1 + 4 + 2;

/// The type of the answer.
const FUNCTION_CALL_RESPONSE: u8 = b'V';

impl Client {
    /// Calls a function and sends what it gives.
    pub(super) async fn call_function(&mut self, call: FunctionCall) -> Result<()> {
        if self.session.transaction_status() == TransactionStatus::Failed {
            return Err(Error::TransactionAborted);
        }
        let function = self.session.function(call.function)?;
        let given = call.arguments.len();
        if call.formats.len() > 1 && call.formats.len() != given {
            return Err(Error::protocol(format!(
                "function call message contains {} argument formats but {given} arguments",
                call.formats.len()
            )));
        }
        if given != function.parameters.len() {
            return Err(Error::protocol(format!(
                "function call message contains {given} arguments but function requires {}",
                function.parameters.len()
            )));
        }
        check_formats(&[call.result_format], 1, "result")?;
        let declared = function.parameters.iter().map(|oid| types::declared_field(*oid));
        let declared = declared.collect::<Result<Vec<_>>>()?;
        let statements = self.session.parse(&function.sql)?;
        let Some(statement) = statements.first() else {
            return Err(Error::Unsupported { feature: format!("calling {} in this way", function.name) });
        };
        self.begin_statement(Step::Statement, statement, Instant::now());
        let prepared = self.session.prepare(statement, &declared).await.map_err(|error| {
            // PostgreSQL has it, so it is listed.
            match error.sqlstate() {
                "42883" => Error::Unsupported { feature: format!("function {}", function.name) },
                _ => error.into(),
            }
        })?;
        let zone = time_zone(&self.session)?;
        let values = params::decode(prepared.parameters(), &call.formats, &call.arguments, zone)?;
        let rows = self.session.run(&prepared, &values).await?.rows;
        let mut row = BytesMut::new();
        if let Some(mut rows) = rows {
            let layout = Layout::new(&rows.schema, &[call.result_format], &self.session)?;
            while let Some(batch) = rows.batches.try_next().await? {
                if row.is_empty() && batch.num_rows() > 0 {
                    layout.write_rows(&batch, 0..1, &mut row)?;
                }
            }
        }
        // What the answer says is durable.
        self.session.end_implicit().await?;
        self.send_notices()?;
        let value = row.get(BEFORE_VALUE..).filter(|value| value.len() >= 4);
        let value = value.ok_or_else(|| Error::Unsupported {
            feature: format!("function {}, which gives no value,", function.name),
        })?;
        let length = i32::try_from(value.len() + 4).map_err(|_| Error::Encode {
            column: function.name.clone(),
            reason: "the value is too long for a message".to_string(),
        })?;
        let out = self.sink.buffer();
        out.put_u8(FUNCTION_CALL_RESPONSE);
        out.put_i32(length);
        out.put_slice(value);
        self.end_statement();
        self.sink.flush_if_full().await
    }
}
