//! The roles that every database has beside `postgres`: what monitoring and the like may do, as PostgreSQL 15 names it.
//!
//! They are members of nothing but each other, and nobody begins a session as one. They take a file only once one is made a
//! member of another role. Roles of PostgreSQL's for what there is none of here (`pg_execute_server_program`, `pg_checkpoint`)
//! are left out, and so is `pg_database_owner`: the schema `public` belongs to `postgres` as the database does.

use super::role::{Membership, Role};

/// Numbers of these roles: this and PostgreSQL's object id.
const FIRST: u64 = 1 << 40;

/// May read all tables, views and sequences.
pub(crate) const READ_ALL_DATA: u64 = FIRST + 6181;
/// May write all tables.
pub(crate) const WRITE_ALL_DATA: u64 = FIRST + 6182;
/// May see what others do.
pub(crate) const MONITOR: u64 = FIRST + 3373;
/// May see all settings.
pub(crate) const READ_ALL_SETTINGS: u64 = FIRST + 3374;
/// May see what others do, and how much.
pub(crate) const READ_ALL_STATS: u64 = FIRST + 3375;
/// May run what looks through whole tables to tell their state.
pub(crate) const STAT_SCAN_TABLES: u64 = FIRST + 3377;
/// May end other sessions and their statements, but for superusers'.
pub(crate) const SIGNAL_BACKEND: u64 = FIRST + 4200;
/// May have the server read files.
pub(crate) const READ_SERVER_FILES: u64 = FIRST + 4569;
/// May have the server write files.
pub(crate) const WRITE_SERVER_FILES: u64 = FIRST + 4570;

const ALL: [(u64, &str); 9] = [
    (READ_ALL_DATA, "pg_read_all_data"),
    (WRITE_ALL_DATA, "pg_write_all_data"),
    (MONITOR, "pg_monitor"),
    (READ_ALL_SETTINGS, "pg_read_all_settings"),
    (READ_ALL_STATS, "pg_read_all_stats"),
    (STAT_SCAN_TABLES, "pg_stat_scan_tables"),
    (SIGNAL_BACKEND, "pg_signal_backend"),
    (READ_SERVER_FILES, "pg_read_server_files"),
    (WRITE_SERVER_FILES, "pg_write_server_files"),
];

/// All of them, as they are before anybody altered one.
pub(super) fn all() -> impl Iterator<Item = Role> {
    ALL.into_iter().map(|(id, name)| {
        let of = if id == MONITOR {
            [READ_ALL_SETTINGS, READ_ALL_STATS, STAT_SCAN_TABLES].as_slice()
        } else {
            &[]
        };
        let member_of = of.iter().map(|role| Membership { role: *role, admin: false, grantor: 0 }).collect();
        Role { login: false, superuser: false, member_of, ..Role::new(id, name) }
    })
}

/// The object id that PostgreSQL has for a role of this number, if it is one of these.
pub(crate) fn oid(number: u64) -> Option<i32> {
    let known = ALL.iter().any(|(id, _)| *id == number);
    known.then(|| number - FIRST).and_then(|oid| i32::try_from(oid).ok())
}
