//! The command's allocator.
//!
//! Searches allocate many short-lived batches from several threads; the system's allocator is the slower one for that.

use std::ffi::c_long;

use libmimalloc_sys::{mi_option_set_default, mi_option_t, mi_option_use_numa_nodes};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long, in milliseconds, memory that was freed is kept for what is allocated next.
const PURGE_DELAY: c_long = 10;

/// `mi_option_purge_delay`, which the bindings leave out: in mimalloc's list it stands before this one.
const PURGE_DELAY_OPTION: mi_option_t = mi_option_use_numa_nodes - 1;

/// Has freed memory given back after 10 ms, as mimalloc 2 does, rather than a second: under load a second's worth is a third
/// of what is in use. `MIMALLOC_PURGE_DELAY` says otherwise.
pub(crate) fn give_back_early() {
    // SAFETY: it sets a number that mimalloc reads atomically, of an option that both its versions 2 and 3 have there.
    unsafe { mi_option_set_default(PURGE_DELAY_OPTION, PURGE_DELAY) };
}
