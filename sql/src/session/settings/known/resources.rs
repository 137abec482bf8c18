//! Memory, logs, statistics, and PostgreSQL's own compatibility with its past.

use super::super::definition::{Context, Definition, Effect, Kind, Unit, settings};

settings! {
    "Connections and Authentication / Authentication": {
        "password_encryption" User, Kind::Choice(&["md5", "scram-sha-256"]), "scram-sha-256", Effect::Only(&[]), "Chooses the algorithm for encrypting passwords.";
    }
    "Connections and Authentication / Connection Settings": {
        "client_connection_check_interval" User, Kind::Integer(Unit::Milliseconds, 0, 2147483647), "0", Effect::Kept, "Sets the time interval between checks for disconnection while running queries.";
    }
    "Developer Options": {
        "force_parallel_mode" User, Kind::Choice(&["off", "on", "regress"]), "off", Effect::Kept, "Forces use of parallel query facilities.";
        "jit_expressions" User, Kind::Flag, "on", Effect::Kept, "Allow JIT compilation of expressions.";
        "jit_tuple_deforming" User, Kind::Flag, "on", Effect::Kept, "Allow JIT compilation of tuple deforming.";
        "trace_notify" User, Kind::Flag, "off", Effect::Only(&[]), "Generates debugging output for LISTEN and NOTIFY.";
        "trace_sort" User, Kind::Flag, "off", Effect::Only(&[]), "Emit information about resource usage in sorting.";
    }
    "Error Handling": {
        "exit_on_error" User, Kind::Flag, "off", Effect::Only(&[]), "Terminate session on any error.";
    }
    "Lock Management": {
        "deadlock_timeout" Superuser, Kind::Integer(Unit::Milliseconds, 1, 2147483647), "1000", Effect::Kept, "Sets the time to wait on a lock before checking for deadlock.";
    }
    "Reporting and Logging / What to Log": {
        "application_name" User, Kind::Text, "", Effect::Own, "Sets the application name to be reported in statistics and logs.";
        "debug_pretty_print" User, Kind::Flag, "on", Effect::Kept, "Indents parse and plan tree displays.";
        "debug_print_parse" User, Kind::Flag, "off", Effect::Only(&[]), "Logs each query's parse tree.";
        "debug_print_plan" User, Kind::Flag, "off", Effect::Only(&[]), "Logs each query's execution plan.";
        "debug_print_rewritten" User, Kind::Flag, "off", Effect::Only(&[]), "Logs each query's rewritten parse tree.";
        "log_duration" Superuser, Kind::Flag, "off", Effect::Only(&[]), "Logs the duration of each completed SQL statement.";
        "log_parameter_max_length_on_error" User, Kind::Integer(Unit::None, -1, 1073741823), "0", Effect::Only(&[]), "Sets the maximum length in bytes of data logged for bind parameter values when logging statements, on error.";
        "log_statement" Superuser, Kind::Choice(&["none", "ddl", "mod", "all"]), "none", Effect::Only(&[]), "Sets the type of statements logged.";
    }
    "Reporting and Logging / When to Log": {
        "log_min_duration_statement" Superuser, Kind::Integer(Unit::Milliseconds, -1, 2147483647), "-1", Effect::Own, "Sets the minimum execution time above which all statements will be logged.";
        "log_min_error_statement" Superuser, Kind::Choice(&["debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"]), "error", Effect::Only(&[]), "Causes all statements generating error at or above this level to be logged.";
        "log_min_messages" Superuser, Kind::Choice(&["debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"]), "warning", Effect::Only(&[]), "Sets the message levels that are logged.";
    }
    "Resource Usage / Asynchronous Behavior": {
        "effective_io_concurrency" User, Kind::Integer(Unit::None, 0, 1000), "1", Effect::Kept, "Number of simultaneous requests that can be handled efficiently by the disk subsystem.";
        "maintenance_io_concurrency" User, Kind::Integer(Unit::None, 0, 1000), "10", Effect::Kept, "A variant of effective_io_concurrency that is used for maintenance work.";
        "max_parallel_maintenance_workers" User, Kind::Integer(Unit::None, 0, 1024), "2", Effect::Kept, "Sets the maximum number of parallel processes per maintenance operation.";
        "max_parallel_workers" User, Kind::Integer(Unit::None, 0, 1024), "8", Effect::Kept, "Sets the maximum number of parallel workers that can be active at one time.";
        "max_parallel_workers_per_gather" User, Kind::Integer(Unit::None, 0, 1024), "2", Effect::Kept, "Sets the maximum number of parallel processes per executor node.";
        "parallel_leader_participation" User, Kind::Flag, "on", Effect::Kept, "Controls whether Gather and Gather Merge also run subplans.";
    }
    "Resource Usage / Cost-Based Vacuum Delay": {
        "vacuum_cost_delay" User, Kind::Real(Unit::Milliseconds, 0.0, 100.0), "0", Effect::Kept, "Vacuum cost delay in milliseconds.";
        "vacuum_cost_limit" User, Kind::Integer(Unit::None, 1, 10000), "200", Effect::Kept, "Vacuum cost amount available before napping.";
        "vacuum_cost_page_dirty" User, Kind::Integer(Unit::None, 0, 10000), "20", Effect::Kept, "Vacuum cost for a page dirtied by vacuum.";
        "vacuum_cost_page_hit" User, Kind::Integer(Unit::None, 0, 10000), "1", Effect::Kept, "Vacuum cost for a page found in the buffer cache.";
        "vacuum_cost_page_miss" User, Kind::Integer(Unit::None, 0, 10000), "2", Effect::Kept, "Vacuum cost for a page not found in the buffer cache.";
    }
    "Resource Usage / Disk": {
        "temp_file_limit" Superuser, Kind::Integer(Unit::Kilobytes, -1, 2147483647), "-1", Effect::Only(&[]), "Limits the total size of all temporary files used by each process.";
    }
    "Resource Usage / Memory": {
        "hash_mem_multiplier" User, Kind::Real(Unit::None, 1.0, 1000.0), "2", Effect::Kept, "Multiple of work_mem to use for hash tables.";
        "maintenance_work_mem" User, Kind::Integer(Unit::Kilobytes, 1024, 2147483647), "65536", Effect::Kept, "Sets the maximum memory to be used for maintenance operations.";
        "temp_buffers" User, Kind::Integer(Unit::Blocks, 100, 1073741823), "1024", Effect::Kept, "Sets the maximum number of temporary buffers used by each session.";
        "work_mem" User, Kind::Integer(Unit::Kilobytes, 64, 2147483647), "4096", Effect::Kept, "Sets the maximum memory to be used for query workspaces.";
    }
    "Statistics / Cumulative Query and Index Statistics": {
        "track_activities" Superuser, Kind::Flag, "on", Effect::Only(&[]), "Collects information about executing commands.";
        "track_counts" Superuser, Kind::Flag, "on", Effect::Only(&[]), "Collects statistics on database activity.";
        "track_functions" Superuser, Kind::Choice(&["none", "pl", "all"]), "none", Effect::Only(&[]), "Collects function-level statistics on database activity.";
        "track_io_timing" Superuser, Kind::Flag, "off", Effect::Only(&[]), "Collects timing statistics for database I/O activity.";
    }
    "Statistics / Monitoring": {
        "compute_query_id" Superuser, Kind::Choice(&["auto", "regress", "on", "off"]), "auto", Effect::Only(&[]), "Enables in-core computation of query identifiers.";
    }
    "Version and Platform Compatibility / Other Platforms and Clients": {
        "transform_null_equals" User, Kind::Flag, "off", Effect::Only(&[]), "Treats \"expr=NULL\" as \"expr IS NULL\".";
    }
    "Version and Platform Compatibility / Previous PostgreSQL Versions": {
        "array_nulls" User, Kind::Flag, "on", Effect::Only(&[]), "Enable input of NULL elements in arrays.";
        "backslash_quote" User, Kind::Choice(&["safe_encoding", "on", "off"]), "safe_encoding", Effect::Only(&["on"]), "Sets whether \"\\'\" is allowed in string literals.";
        "escape_string_warning" User, Kind::Flag, "on", Effect::Kept, "Warn about backslash escapes in ordinary string literals.";
        "quote_all_identifiers" User, Kind::Flag, "off", Effect::Only(&[]), "When generating SQL fragments, quote all identifiers.";
        "standard_conforming_strings" User, Kind::Flag, "on", Effect::Only(&[]), "Causes '...' strings to treat backslashes literally.";
        "synchronize_seqscans" User, Kind::Flag, "on", Effect::Kept, "Enable synchronized sequential scans.";
    }
    "Write-Ahead Log / Settings": {
        "commit_siblings" User, Kind::Integer(Unit::None, 0, 1000), "5", Effect::Kept, "Sets the minimum number of concurrent open transactions required before performing commit_delay.";
        "synchronous_commit" User, Kind::Choice(&["local", "remote_write", "remote_apply", "on", "off"]), "on", Effect::Kept, "Sets the current transaction's synchronization level.";
    }
}
