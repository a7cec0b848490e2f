//! RemovePermission.

use super::policy::{self, Expected};
use crate::functions::edit;
use crate::{Control, messages};
use api::lambda::{RemovePermission, RemovePermissionRequest};
use api::{Handle, Request};
use store::records::FunctionRecord;
use types::ServiceError;

impl Handle<RemovePermission> for Control {
    async fn handle(&self, request: Request<RemovePermissionRequest>) -> Result<(), ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        let place = edit::place(function.account, &function.name)?;
        if self.read::<FunctionRecord>(&place).await?.is_none() {
            return Err(messages::policies::no_policy_of_nothing(&function.arn()));
        }
        let expected = Expected::of_function(input.revision_id.as_deref());
        let change = policy::removing(&input.statement_id, expected);
        self.change_policy(&function, &audit, change).await?;
        Ok(())
    }
}
