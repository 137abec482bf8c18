//! What the server is started with, and where each value comes from: a flag, the environment (`MUSTER_LISTEN` for `--listen`), the
//! file of `--config`, or nowhere, which is the default. The first of these that says something counts.
//!
//! - [`Resolver`]: finds a value and remembers where it was.
//! - [`ServerArgs`]: the flags of `muster serve`; [`ServerSection`]: the same in the file; [`ServerSettings`]: what came of both.
//!
//! Invariant: a value that cannot be read stops the start, wherever it stands; none is passed over for the next.

mod resolver;
mod section;
mod server;

pub(crate) use resolver::{Resolver, Shown, Source};
pub(crate) use section::{ServerSection, Written};
pub(crate) use server::{DEFAULT_LISTEN, ServerArgs, word};
