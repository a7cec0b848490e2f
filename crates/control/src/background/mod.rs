//! Workers in the background: each idempotent, started by signal and by period.

mod activate;
mod collect;
mod references;
mod sweep;

pub use activate::Activation;
pub use collect::Collector;
pub(crate) use collect::Garbage;
pub(crate) use references::References;
pub use sweep::sweep_code;
