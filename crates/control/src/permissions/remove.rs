//! RemovePermission.

use super::policy;
use crate::Control;
use crate::functions::edit;
use api::lambda::{RemovePermission, RemovePermissionRequest};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<RemovePermission> for Control {
    async fn handle(&self, request: Request<RemovePermissionRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        let change = policy::removing(&input.statement_id, input.revision_id.as_deref());
        self.change_policy(&function, &audit, change).await?;
        Ok(())
    }
}
