//! GetLayerVersionPolicy.

use super::holder::{HeldPolicy, Holder};
use crate::layers::named;
use crate::{Control, messages};
use api::lambda::{GetLayerVersionPolicy, GetLayerVersionPolicyRequest, GetLayerVersionPolicyResponse};
use api::{Handle, Request};
use types::ServiceError;

impl Handle<GetLayerVersionPolicy> for Control {
    async fn handle(
        &self,
        request: Request<GetLayerVersionPolicyRequest>,
    ) -> Result<GetLayerVersionPolicyResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let version = named::version(&input.layer_name, input.version_number, &context)?;
        version.find(self).await?;
        let stored = self.policy_of(&version).await?.ok_or_else(messages::policies::no_layer_policy)?;
        let policy = stored.value.policy();
        Ok(GetLayerVersionPolicyResponse {
            policy: Some(policy.document()),
            revision_id: Some(policy.revision.to_string()),
        })
    }
}
