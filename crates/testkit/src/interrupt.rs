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

macro_rules! interruptible {
    ($($operation:ident($input:ident) -> $output:ty;)*) => {
        impl Interruption {
            pub(crate) fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
                handlers$(.on::<lambda::$operation, _>(self))*
            }
        }

        $(impl Handle<lambda::$operation> for Interruption {
            async fn handle(&self, request: Request<lambda::$input>) -> Result<$output, ServiceError> {
                self.limited(Handle::<lambda::$operation>::handle(&*self.control, request)).await
            }
        })*
    };
}

interruptible! {
    CreateFunction(CreateFunctionRequest) -> lambda::FunctionConfiguration;
    UpdateFunctionCode(UpdateFunctionCodeRequest) -> lambda::FunctionConfiguration;
    UpdateFunctionConfiguration(UpdateFunctionConfigurationRequest) -> lambda::FunctionConfiguration;
    DeleteFunction(DeleteFunctionRequest) -> lambda::DeleteFunctionResponse;
    PublishVersion(PublishVersionRequest) -> lambda::FunctionConfiguration;
    CreateAlias(CreateAliasRequest) -> lambda::AliasConfiguration;
    UpdateAlias(UpdateAliasRequest) -> lambda::AliasConfiguration;
    DeleteAlias(DeleteAliasRequest) -> ();
    PublishLayerVersion(PublishLayerVersionRequest) -> lambda::PublishLayerVersionResponse;
    DeleteLayerVersion(DeleteLayerVersionRequest) -> ();
}
