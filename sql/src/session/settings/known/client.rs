//! What clients set of themselves: how they write, what they want to be told, how long it may take.

use super::super::definition::{Context, Definition, Effect, Kind, Unit, settings};

settings! {
    "Client Connection Defaults / Locale and Formatting": {
        "client_encoding" User, Kind::Text, "UTF8", Effect::Own, "Sets the client's character set encoding.";
        "DateStyle" User, Kind::Text, "ISO, MDY", Effect::Own, "Sets the display format for date and time values.";
        "default_text_search_config" User, Kind::Text, "pg_catalog.simple", Effect::Only(&["simple"]), "Sets default text search configuration.";
        "extra_float_digits" User, Kind::Integer(Unit::None, -15, 3), "1", Effect::Only(&["2", "3"]), "Sets the number of digits displayed for floating-point values.";
        "IntervalStyle" User, Kind::Choice(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]), "postgres", Effect::Only(&[]), "Sets the display format for interval values.";
        "lc_messages" Superuser, Kind::Text, "C", Effect::Only(&["posix", ""]), "Sets the language in which messages are displayed.";
        "lc_monetary" User, Kind::Text, "C", Effect::Only(&["posix"]), "Sets the locale for formatting monetary amounts.";
        "lc_numeric" User, Kind::Text, "C", Effect::Only(&["posix"]), "Sets the locale for formatting numbers.";
        "lc_time" User, Kind::Text, "C", Effect::Only(&["posix"]), "Sets the locale for formatting date and time values.";
        "TimeZone" User, Kind::Text, "UTC", Effect::Own, "Sets the time zone for displaying and interpreting time stamps.";
        "timezone_abbreviations" User, Kind::Text, "Default", Effect::Only(&[]), "Selects a file of time zone abbreviations.";
    }
    "Client Connection Defaults / Shared Library Preloading": {
        "local_preload_libraries" User, Kind::Text, "", Effect::Only(&[]), "Lists unprivileged shared libraries to preload into each backend.";
    }
    "Client Connection Defaults / Statement Behavior": {
        "bytea_output" User, Kind::Choice(&["escape", "hex"]), "hex", Effect::Only(&[]), "Sets the output format for bytea.";
        "check_function_bodies" User, Kind::Flag, "on", Effect::Kept, "Check routine bodies during CREATE FUNCTION and CREATE PROCEDURE.";
        "client_min_messages" User, Kind::Choice(&["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]), "notice", Effect::Own, "Sets the message levels that are sent to the client.";
        "default_table_access_method" User, Kind::Text, "heap", Effect::Only(&[]), "Sets the default table access method for new tables.";
        "default_tablespace" User, Kind::Text, "", Effect::Only(&[]), "Sets the default tablespace to create tables and indexes in.";
        "default_transaction_deferrable" User, Kind::Flag, "off", Effect::Kept, "Sets the default deferrable status of new transactions.";
        "default_transaction_isolation" User, Kind::Choice(&["serializable", "repeatable read", "read committed", "read uncommitted"]), "repeatable read", Effect::Own, "Sets the transaction isolation level of each new transaction.";
        "default_transaction_read_only" User, Kind::Flag, "off", Effect::Own, "Sets the default read-only status of new transactions.";
        "idle_in_transaction_session_timeout" User, Kind::Integer(Unit::Milliseconds, 0, 2147483647), "0", Effect::Own, "Sets the maximum allowed idle time between queries, when in a transaction.";
        "idle_session_timeout" User, Kind::Integer(Unit::Milliseconds, 0, 2147483647), "0", Effect::Own, "Sets the maximum allowed idle time between queries, when not in a transaction.";
        "lock_timeout" User, Kind::Integer(Unit::Milliseconds, 0, 2147483647), "0", Effect::Own, "Sets the maximum allowed duration of any wait for a lock.";
        "row_security" User, Kind::Flag, "on", Effect::Kept, "Enable row security.";
        "search_path" User, Kind::Text, "\"$user\", public", Effect::Own, "Sets the schema search order for names that are not schema-qualified.";
        "session_replication_role" Superuser, Kind::Choice(&["origin", "replica", "local"]), "origin", Effect::Kept, "Sets the session's behavior for triggers and rewrite rules.";
        "statement_timeout" User, Kind::Integer(Unit::Milliseconds, 0, 2147483647), "0", Effect::Own, "Sets the maximum allowed duration of any statement.";
        "temp_tablespaces" User, Kind::Text, "", Effect::Only(&[]), "Sets the tablespace(s) to use for temporary tables and sort files.";
        "transaction_deferrable" User, Kind::Flag, "off", Effect::Kept, "Whether to defer a read-only serializable transaction until it can be executed with no possible serialization failures.";
        "transaction_isolation" User, Kind::Choice(&["serializable", "repeatable read", "read committed", "read uncommitted"]), "repeatable read", Effect::Own, "Sets the current transaction's isolation level.";
        "transaction_read_only" User, Kind::Flag, "off", Effect::Own, "Sets the current transaction's read-only status.";
        "xmlbinary" User, Kind::Choice(&["base64", "hex"]), "base64", Effect::Kept, "Sets how binary values are to be encoded in XML.";
        "xmloption" User, Kind::Choice(&["content", "document"]), "content", Effect::Kept, "Sets whether XML data in implicit parsing and serialization operations is to be considered as documents or content fragments.";
    }
}
