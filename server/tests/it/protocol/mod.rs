//! The protocol byte by byte: messages written by hand, right and wrong.

mod binary_copy;
mod copy;
mod extended;
mod function_call;
mod interrupt;
mod malformed;
mod named;
mod returning;
mod simple;
mod startup;
mod timeouts;
mod transaction;
