//! GetPolicy.

use super::holder::HeldPolicy;
use crate::functions::edit;
use crate::{Control, messages};
use api::lambda::{GetPolicy, GetPolicyRequest, GetPolicyResponse};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetPolicy> for Control {
    /// A version or an alias that is not there has no policy, and that is what is said. Source: recorded on GetPolicy of a
    /// version; for aliases no recording was found.
    async fn handle(&self, request: Request<GetPolicyRequest>) -> Result<GetPolicyResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        self.find(&function).await?;
        let stored = self.policy_of(&function).await?.ok_or_else(messages::policies::no_policy)?;
        let policy = stored.value.policy();
        Ok(GetPolicyResponse {
            policy: Some(policy.document()),
            revision_id: Some(policy.revision.to_string()),
        })
    }
}
