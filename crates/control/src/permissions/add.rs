//! AddPermission.

use super::grantee::Grantee;
use super::policy::{self, Expected};
use super::statement::{Allow, Condition, SourceArn, Statement, Texts, ViaUrl};
use crate::functions::edit;
use crate::{Control, messages};
use api::lambda::{AddPermission, AddPermissionRequest, AddPermissionResponse};
use api::{Handle, Request};
use types::{FunctionRef, Qualifier, ServiceError, Version};

impl Handle<AddPermission> for Control {
    async fn handle(
        &self,
        request: Request<AddPermissionRequest>,
    ) -> Result<AddPermissionResponse, ServiceError> {
        let Request { input, context, audit, .. } = request;
        let function = edit::named(&input.function_name, input.qualifier.as_deref(), &context)?;
        if function.qualifier == Some(Qualifier::Version(Version::Latest)) {
            return Err(messages::policies::no_policy_for_latest());
        }
        check_url_conditions(&input)?;
        let principal = Grantee::parse(&input.principal)?;
        self.check_grantee(&principal).await?;
        let statement = statement(&input, principal, &function).write()?;
        let json = statement.json.clone();
        let expected = Expected::of_function(input.revision_id.as_deref());
        let change = policy::adding(statement, expected);
        self.change_policy(&function, &audit, change).await?;
        Ok(AddPermissionResponse { statement: Some(json) })
    }
}

impl Control {
    /// A role that is named must be there. (Source: the service refuses principals that don't exist.)
    async fn check_grantee(&self, grantee: &Grantee) -> Result<(), ServiceError> {
        let Some(role) = grantee.role() else { return Ok(()) };
        let found = self.parts.directory.role_trust(role).await.map_err(messages::failed)?;
        found.map_or_else(|| Err(messages::policies::bad_principal()), |_| Ok(()))
    }
}

/// Two conditions speak of one action each, and would make a statement of another one that never applies.
fn check_url_conditions(input: &AddPermissionRequest) -> Result<(), ServiceError> {
    if input.function_url_auth_type.is_some() && input.action != "lambda:InvokeFunctionUrl" {
        return Err(messages::policies::auth_type_without_url());
    }
    if input.invoked_via_function_url.is_some() && input.action != "lambda:InvokeFunction" {
        return Err(messages::policies::via_url_without_invoke());
    }
    Ok(())
}

fn statement<'a>(
    input: &'a AddPermissionRequest,
    principal: Grantee,
    function: &FunctionRef,
) -> Statement<'a> {
    Statement {
        sid: &input.statement_id,
        effect: Allow::Allow,
        principal,
        action: &input.action,
        resource: function.arn(),
        condition: Condition {
            string_equals: Texts {
                url_auth_type: input.function_url_auth_type.as_deref(),
                organization: input.principal_org_id.as_deref(),
                source_account: input.source_account.as_deref(),
                event_source_token: input.event_source_token.as_deref(),
            },
            bool: input
                .invoked_via_function_url
                .map(|via| ViaUrl { via_url: if via { "true" } else { "false" } }),
            arn_like: input.source_arn.as_deref().map(|arn| SourceArn { arn }),
        },
    }
}
