//! The command's allocator: jemalloc, but for Windows, where it is the system's.
//!
//! Searches allocate many short-lived batches from several threads. What allocators make of them, and why freed memory is
//! given back after half a second, is in `docs/decisions/0017-the-allocator.md`.

use std::ffi::c_char;

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// How jemalloc is set up; `_RJEM_MALLOC_CONF` in the environment says otherwise.
#[cfg(target_os = "linux")]
const CONFIGURATION: &[u8] = b"dirty_decay_ms:500,muzzy_decay_ms:0,background_thread:true\0";
#[cfg(not(target_os = "linux"))]
const CONFIGURATION: &[u8] = b"dirty_decay_ms:500,muzzy_decay_ms:0\0";

/// A pointer to a text that ends with a zero.
#[repr(transparent)]
struct Text(*const c_char);

// SAFETY: what it points at is a constant.
unsafe impl Sync for Text {}

/// Where jemalloc looks for it.
// SAFETY: jemalloc declares it as `const char *`, reads it before anything is allocated, and never writes; no other crate
// defines it.
#[unsafe(export_name = "_rjem_malloc_conf")]
static JEMALLOC_READS_THIS: Text = Text(CONFIGURATION.as_ptr().cast());
