//! Environments as the data plane uses them: made with a session of the function's role, leased for one invocation at a
//! time, and ended when they were idle or are too old.

pub(crate) mod code;
pub(crate) mod hosted;
pub(crate) mod lease;
pub(crate) mod reaper;
pub(crate) mod role;
pub(crate) mod spec;
mod start;
