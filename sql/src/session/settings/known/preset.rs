//! What a client can only read.

use super::super::definition::{Context, Definition, Effect, Kind, Unit, settings};

/// What clients look at to decide which SQL they may send.
const VERSION: &str = concat!("15.0 (Muster ", env!("CARGO_PKG_VERSION"), ")");

settings! {
    "Connections and Authentication / Connection Settings": {
        "max_connections" Internal, Kind::Integer(Unit::None, 0, 262_143), "0", Effect::Preset, "Sets the maximum number of concurrent connections.";
    }
    "Preset Options": {
        "in_hot_standby" Internal, Kind::Flag, "off", Effect::Preset, "Shows whether hot standby is currently active.";
        "integer_datetimes" Internal, Kind::Flag, "on", Effect::Preset, "Shows whether datetimes are integer based.";
        "lc_collate" Internal, Kind::Text, "C", Effect::Preset, "Shows the collation order locale.";
        "lc_ctype" Internal, Kind::Text, "C", Effect::Preset, "Shows the character classification and case conversion locale.";
        "max_function_args" Internal, Kind::Integer(Unit::None, 100, 100), "100", Effect::Preset, "Shows the maximum number of function arguments.";
        "max_identifier_length" Internal, Kind::Integer(Unit::None, 63, 63), "63", Effect::Preset, "Shows the maximum identifier length.";
        "max_index_keys" Internal, Kind::Integer(Unit::None, 32, 32), "32", Effect::Preset, "Shows the maximum number of index keys.";
        "server_encoding" Internal, Kind::Text, "UTF8", Effect::Preset, "Shows the server (database) character set encoding.";
        "server_version" Internal, Kind::Text, VERSION, Effect::Preset, "Shows the server version.";
        "server_version_num" Internal, Kind::Integer(Unit::None, 150000, 150000), "150000", Effect::Preset, "Shows the server version as an integer.";
    }
}
