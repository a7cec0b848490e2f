//! GetQueueUrl.

use super::{Sqs, messages};
use api::sqs::{GetQueueUrl, GetQueueUrlRequest, GetQueueUrlResult};
use api::{Handle, Request};
use types::{QueueRef, ServiceError};

impl Handle<GetQueueUrl> for Sqs {
    async fn handle(&self, request: Request<GetQueueUrlRequest>) -> Result<GetQueueUrlResult, ServiceError> {
        let (input, context) = (request.input, request.context);
        let owner = match input.queue_owner_aws_account_id {
            Some(owner) => owner.parse().map_err(|_| messages::no_such_queue())?,
            None => context.account,
        };
        let queue = QueueRef::new(owner, &input.queue_name).ok_or_else(messages::no_such_queue)?;
        self.look_up(&queue).await?.ok_or_else(messages::no_such_queue)?;
        Ok(GetQueueUrlResult { queue_url: Some(queue.url(&context.endpoint)) })
    }
}
