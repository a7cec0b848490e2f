//! GetPolicy.

use super::holder::{HeldPolicy, Holder};
use crate::functions::edit;
use crate::{Control, messages};
use api::lambda::{GetPolicy, GetPolicyRequest, GetPolicyResponse};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetPolicy> for Control {
    async fn handle(&self, request: Request<GetPolicyRequest>) -> Result<GetPolicyResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        function.find(self).await?;
        let stored = self.policy_of(&function).await?.ok_or_else(messages::policies::no_policy)?;
        let policy = stored.value.policy();
        Ok(GetPolicyResponse {
            policy: Some(policy.document()),
            revision_id: Some(policy.revision.to_string()),
        })
    }
}
