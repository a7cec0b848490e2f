//! Workers in the background: each idempotent, started by signal and by period.

mod activate;

pub use activate::Activation;
