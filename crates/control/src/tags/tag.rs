//! TagResource.

use super::{limits, resource};
use crate::{Control, messages};
use api::lambda::{TagResource, TagResourceRequest};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<TagResource> for Control {
    async fn handle(&self, request: Request<TagResourceRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        if input.tags.is_empty() {
            return Err(messages::tags::none());
        }
        let function = resource::function(&input.resource, &context)?;
        self.change_tags(&function, &audit, |old| limits::merged(old, &input.tags)).await
    }
}
