//! AddLayerVersionPermission.

use super::grantee::{Everybody, Grantee};
use super::policy::{self, Expected};
use super::statement::{Allow, Condition, Statement, Texts};
use crate::layers::named;
use crate::{Control, messages};
use api::lambda::{
    AddLayerVersionPermission, AddLayerVersionPermissionRequest, AddLayerVersionPermissionResponse,
};
use api::{Handle, Request};
use types::{RevisionId, ServiceError};

impl Handle<AddLayerVersionPermission> for Control {
    async fn handle(
        &self,
        request: Request<AddLayerVersionPermissionRequest>,
    ) -> Result<AddLayerVersionPermissionResponse, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let version = named::version(&input.layer_name, input.version_number, &context)?;
        let principal = Grantee::parse(&input.principal)?;
        let organization = input.organization_id.as_deref().filter(|id| !id.is_empty());
        if organization.is_some() && principal != Grantee::Everybody(Everybody::All) {
            return Err(messages::policies::organization_of_one_account());
        }
        let statement = Statement {
            sid: &input.statement_id,
            effect: Allow::Allow,
            principal,
            action: &input.action,
            resource: version.arn(),
            condition: Condition {
                string_equals: Texts { organization, ..Texts::default() },
                ..Condition::default()
            },
        };
        let statement = statement.write()?;
        let json = statement.json.clone();
        let expected = Expected::of_layer_version(input.revision_id.as_deref());
        let change = policy::adding(statement, expected);
        let revision = self.change_policy(&version, &audit, change).await?;
        Ok(AddLayerVersionPermissionResponse {
            statement: Some(json),
            revision_id: revision.as_ref().map(RevisionId::to_string),
        })
    }
}
