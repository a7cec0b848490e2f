//! ListTags.

use super::resource;
use crate::Control;
use api::lambda::{ListTags, ListTagsRequest, ListTagsResponse};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<ListTags> for Control {
    async fn handle(&self, request: Request<ListTagsRequest>) -> Result<ListTagsResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = resource::function(&input.resource, &context)?;
        self.find(&function).await?;
        Ok(ListTagsResponse { tags: Some(self.tags_of(&function).await?) })
    }
}
