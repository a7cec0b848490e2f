//! One statement of a policy, member by member as the service writes it.
//!
//! Source: recorded answers of AddPermission, AddLayerVersionPermission and GetPolicy, the order of members included.

use super::grantee::Grantee;
use crate::messages;
use serde::Serialize;
use store::records::PolicyStatement;
use types::ServiceError;

/// What is granted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement<'a> {
    pub(super) sid: &'a str,
    pub(super) effect: Allow,
    pub(super) principal: Grantee,
    pub(super) action: &'a str,
    pub(super) resource: String,
    #[serde(skip_serializing_if = "Condition::is_empty")]
    pub(super) condition: Condition<'a>,
}

/// The only effect of these policies.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) enum Allow {
    Allow,
}

/// When it is granted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Condition<'a> {
    #[serde(skip_serializing_if = "Texts::is_empty")]
    pub(super) string_equals: Texts<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bool: Option<ViaUrl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arn_like: Option<SourceArn<'a>>,
}

impl Condition<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Texts<'a> {
    #[serde(rename = "lambda:FunctionUrlAuthType", skip_serializing_if = "Option::is_none")]
    pub(super) url_auth_type: Option<&'a str>,
    #[serde(rename = "aws:PrincipalOrgID", skip_serializing_if = "Option::is_none")]
    pub(super) organization: Option<&'a str>,
    #[serde(rename = "AWS:SourceAccount", skip_serializing_if = "Option::is_none")]
    pub(super) source_account: Option<&'a str>,
    #[serde(rename = "lambda:EventSourceToken", skip_serializing_if = "Option::is_none")]
    pub(super) event_source_token: Option<&'a str>,
}

impl Texts<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct ViaUrl {
    #[serde(rename = "lambda:InvokedViaFunctionUrl")]
    pub(super) via_url: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct SourceArn<'a> {
    #[serde(rename = "AWS:SourceArn")]
    pub(super) arn: &'a str,
}

impl Statement<'_> {
    /// The statement as it is stored and answered.
    pub(super) fn write(&self) -> Result<PolicyStatement, ServiceError> {
        let json = serde_json::to_string(self).map_err(messages::failed)?;
        Ok(PolicyStatement { sid: self.sid.to_owned(), json })
    }
}
