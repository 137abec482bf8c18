//! Histories that went wrong once, as short as they could be made.
