//! The platform's own API inside of environments: the server of the customers, on one listener more for each.
//!
//! Invariant: what a function reaches there is what every customer reaches, signatures and permissions included. And the server
//! is known here weakly: it holds the data plane, which holds the worker, which holds this.

use api::Server;
use std::net::TcpListener;
use std::sync::{Arc, OnceLock, Weak};
use types::{AccountId, EnvironmentId};
use worker::PlatformEndpoint;

/// The way from environments to a server that doesn't exist yet when the worker is made.
#[derive(Default)]
pub struct InsideApi {
    server: OnceLock<Weak<Server>>,
}

impl InsideApi {
    /// From now on environments reach this server, as long as somebody holds it. Only the first one counts.
    pub fn open(&self, server: &Arc<Server>) {
        self.server.get_or_init(|| Arc::downgrade(server));
    }
}

impl PlatformEndpoint for InsideApi {
    fn serve(
        &self,
        listener: TcpListener,
        environment: EnvironmentId,
        account: AccountId,
    ) -> Box<dyn Send + Sync> {
        match self.server.get().and_then(Weak::upgrade) {
            Some(server) => Box::new(server.serve_inside(listener, environment, account)),
            // Dropping the listener lets connections be refused.
            None => Box::new(()),
        }
    }
}
