//! UntagResource.

use super::resource;
use crate::Control;
use api::lambda::{UntagResource, UntagResourceRequest};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<UntagResource> for Control {
    /// A key that the function doesn't have is gone already.
    async fn handle(&self, request: Request<UntagResourceRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = resource::function(&input.resource, &context)?;
        let change = |old: &std::collections::BTreeMap<String, String>| {
            let mut tags = old.clone();
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(tags)
        };
        self.change_tags(&function, &audit, change).await
    }
}
