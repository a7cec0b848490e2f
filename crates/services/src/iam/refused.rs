//! Parameters whose effect is not built. They are refused by name unless they ask for nothing.

use super::messages;
use api::iam::Tag;
use types::ServiceError;

pub(super) fn tags(tags: Option<&Vec<Tag>>) -> Result<(), ServiceError> {
    match tags {
        Some(tags) if !tags.is_empty() => Err(messages::not_built("Tags")),
        _ => Ok(()),
    }
}

pub(super) fn boundary(boundary: Option<&str>) -> Result<(), ServiceError> {
    match boundary {
        Some(arn) if !arn.is_empty() => Err(messages::not_built("PermissionsBoundary")),
        _ => Ok(()),
    }
}
