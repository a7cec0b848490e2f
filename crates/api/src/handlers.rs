//! Handlers: one per built operation, each called with a permitted request of its own type.

use crate::Request;
use std::collections::HashMap;
use std::sync::Arc;
use types::{BoxFuture, ServiceError};
use wire::{Operation, Typed, Value};

/// Carries out one operation. When the client goes away the future is dropped at its current await: a handler commits
/// everything in one transaction, so that a dropped call either happened whole or not at all.
pub trait Handle<O: Typed>: Send + Sync + 'static {
    /// The operation's work, after permission and validation.
    fn handle(
        &self,
        request: Request<O::Input>,
    ) -> impl Future<Output = Result<O::Output, ServiceError>> + Send;
}

type Untyped =
    dyn Fn(Request<Value>) -> BoxFuture<'static, Result<Value, ServiceError>> + Send + Sync + 'static;

/// The handlers of all built operations, by service and name.
#[derive(Default)]
pub struct Handlers {
    by_operation: HashMap<(&'static str, &'static str), Arc<Untyped>>,
}

impl Handlers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With `handler` for the operation `O`.
    #[must_use]
    pub fn on<O: Typed, H: Handle<O>>(mut self, handler: &Arc<H>) -> Self {
        let handler = Arc::clone(handler);
        let untyped = move |request: Request<Value>| -> BoxFuture<'static, Result<Value, ServiceError>> {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let Request { input, permit, context, audit } = request;
                let input = O::read(input)
                    .map_err(|error| crate::messages::unreadable(O::OPERATION.service, &error))?;
                let output = handler.handle(Request { input, permit, context, audit }).await?;
                Ok(O::write(output))
            })
        };
        self.by_operation.insert(key(O::OPERATION), Arc::new(untyped));
        self
    }

    pub(crate) fn get(&self, operation: &'static Operation) -> Option<&Arc<Untyped>> {
        self.by_operation.get(&key(operation))
    }

    /// The built operations that nobody handles: a mistake in the wiring, named as `service:Operation`. Invoke has a
    /// path of its own and needs none.
    pub fn missing(&self) -> Vec<String> {
        wire::services()
            .iter()
            .flat_map(|service| service.operations)
            .filter(|o| o.built && key(o) != ("lambda", "Invoke") && !self.by_operation.contains_key(&key(o)))
            .map(|o| format!("{}:{}", o.service.name, o.name))
            .collect()
    }
}

fn key(operation: &'static Operation) -> (&'static str, &'static str) {
    (operation.service.name, operation.name)
}
