//! The platform's own API, inside of environments: served by what stands above this crate.

use std::net::TcpListener;
use types::{AccountId, EnvironmentId};

/// Serves the platform's API to functions.
pub trait PlatformEndpoint: Send + Sync + 'static {
    /// Serves it on a listener that stands at 127.0.0.1:9002 inside of an environment of this account, until what is given back
    /// is dropped. Called in a tokio runtime, on the path of a cold start: it must not wait for anything.
    fn serve(
        &self,
        listener: TcpListener,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Box<dyn Send + Sync>;
}

/// Nothing answers there: connections are refused.
pub struct NoPlatform;

impl PlatformEndpoint for NoPlatform {
    fn serve(&self, listener: TcpListener, _: EnvironmentId, _: AccountId) -> Box<dyn Send + Sync> {
        drop(listener);
        Box::new(())
    }
}
