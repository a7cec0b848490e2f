//! The data plane: finds the version of a function that is meant, admits the invocation, takes or makes an execution environment, and gives
//! the answer back.
//!
//! Invariant: the path of a warm invocation touches no disk and takes no lock that another function holds. The data plane
//! never talks to the control plane: it reads what the store holds, and hears of changes through the change feed.

mod admission;
mod cache;
mod catalog;
mod code;
mod figure;
mod hosted;
mod inside;
mod lease;
mod loads;
mod messages;
mod payload;
mod plane;
mod pool;
mod reaper;
mod role;
mod route;
mod sharded;
mod spec;
mod start;
mod target;

pub use code::StoredCode;
pub use inside::InsideApi;
pub use plane::{DataPlane, DataPlaneParts, Settings};
pub use reaper::Reaper;
pub use role::{AssumeError, AssumeRole, RoleSession};
