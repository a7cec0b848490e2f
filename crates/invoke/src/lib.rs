//! The data plane: finds the version of a function that is meant, admits the invocation, takes or makes an execution
//! environment, and gives the answer back.
//!
//! Invariant: the path of a warm invocation touches no disk and takes no lock that another function holds. The data plane
//! never talks to the control plane: it reads what the store holds, and hears of changes through the change feed.

mod admission;
mod egress;
mod environments;
mod inside;
mod messages;
mod payload;
mod plane;
mod targets;

pub use egress::{EgressPattern, EgressRules, UnownedPattern};
pub use environments::code::StoredCode;
pub use environments::reaper::Reaper;
pub use environments::role::{AssumeError, AssumeRole, RoleSession};
pub use inside::InsideApi;
pub use plane::{DataPlane, DataPlaneParts, Settings};
