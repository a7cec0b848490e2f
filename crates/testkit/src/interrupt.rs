//! A client that goes away in the middle, made exact: a handler's future is polled a given number of times and dropped.

use api::{Handle, Request, lambda};
use control::Control;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use types::ServiceError;

/// Stands in front of the control plane's changing operations.
pub struct Interruption {
    control: Arc<Control>,
    /// Polls that the next calls are allowed.
    polls: AtomicUsize,
}

impl Interruption {
    pub(crate) fn new(control: Arc<Control>) -> Arc<Self> {
        Arc::new(Self { control, polls: AtomicUsize::new(usize::MAX) })
    }

    pub(crate) fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        handlers
            .on::<lambda::CreateFunction, _>(self)
            .on::<lambda::UpdateFunctionCode, _>(self)
            .on::<lambda::UpdateFunctionConfiguration, _>(self)
            .on::<lambda::DeleteFunction, _>(self)
            .on::<lambda::PublishLayerVersion, _>(self)
            .on::<lambda::DeleteLayerVersion, _>(self)
    }

    /// From now on a changing call is dropped when it was polled this often and is not done.
    pub fn after(&self, polls: usize) {
        self.polls.store(polls, Ordering::SeqCst);
    }

    /// Calls run to their end again.
    pub fn never(&self) {
        self.after(usize::MAX);
    }

    async fn limited<T>(
        &self,
        call: impl Future<Output = Result<T, ServiceError>>,
    ) -> Result<T, ServiceError> {
        let mut left = self.polls.load(Ordering::SeqCst);
        let mut call = pin!(call);
        std::future::poll_fn(move |context| {
            if left == 0 {
                let error = ServiceError::internal("ServiceException", "the test went away");
                return Poll::Ready(Err(error));
            }
            left -= 1;
            call.as_mut().poll(context)
        })
        .await
    }
}

impl Handle<lambda::CreateFunction> for Interruption {
    async fn handle(
        &self,
        request: Request<lambda::CreateFunctionRequest>,
    ) -> Result<lambda::FunctionConfiguration, ServiceError> {
        self.limited(Handle::<lambda::CreateFunction>::handle(&*self.control, request)).await
    }
}

impl Handle<lambda::UpdateFunctionCode> for Interruption {
    async fn handle(
        &self,
        request: Request<lambda::UpdateFunctionCodeRequest>,
    ) -> Result<lambda::FunctionConfiguration, ServiceError> {
        self.limited(Handle::<lambda::UpdateFunctionCode>::handle(&*self.control, request)).await
    }
}

impl Handle<lambda::UpdateFunctionConfiguration> for Interruption {
    async fn handle(
        &self,
        request: Request<lambda::UpdateFunctionConfigurationRequest>,
    ) -> Result<lambda::FunctionConfiguration, ServiceError> {
        self.limited(Handle::<lambda::UpdateFunctionConfiguration>::handle(&*self.control, request)).await
    }
}

impl Handle<lambda::DeleteFunction> for Interruption {
    async fn handle(
        &self,
        request: Request<lambda::DeleteFunctionRequest>,
    ) -> Result<lambda::DeleteFunctionResponse, ServiceError> {
        self.limited(Handle::<lambda::DeleteFunction>::handle(&*self.control, request)).await
    }
}

impl Handle<lambda::PublishLayerVersion> for Interruption {
    async fn handle(
        &self,
        request: Request<lambda::PublishLayerVersionRequest>,
    ) -> Result<lambda::PublishLayerVersionResponse, ServiceError> {
        self.limited(Handle::<lambda::PublishLayerVersion>::handle(&*self.control, request)).await
    }
}

impl Handle<lambda::DeleteLayerVersion> for Interruption {
    async fn handle(&self, request: Request<lambda::DeleteLayerVersionRequest>) -> Result<(), ServiceError> {
        self.limited(Handle::<lambda::DeleteLayerVersion>::handle(&*self.control, request)).await
    }
}
