//! Workers in the background: each idempotent, started by signal and by period.

mod activate;
mod sweep;

pub use activate::Activation;
pub use sweep::sweep_code;
