//! The token service: who somebody is.
//!
//! Invariant: it answers from the permit alone, which holds the verified principal.

mod caller_identity;
mod messages;

use std::sync::Arc;

/// The service.
#[derive(Debug, Default)]
pub struct Sts(());

impl Sts {
    /// The service.
    pub fn new() -> Self {
        Self(())
    }

    /// Adds the operations of this service to `handlers`.
    #[must_use]
    pub fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        handlers.on::<api::sts::GetCallerIdentity, _>(self)
    }
}
