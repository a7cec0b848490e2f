//! One statement of a policy, member by member as the service writes it.
//!
//! Source: recorded answers of AddPermission, AddLayerVersionPermission and GetPolicy, the order of members included. (No
//! recording shows where InvokedViaFunctionUrl stands, or EventSourceToken beside another condition.)

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
    #[serde(rename = "AWS:SourceAccount", skip_serializing_if = "Option::is_none")]
    pub(super) source_account: Option<&'a str>,
    #[serde(rename = "lambda:FunctionUrlAuthType", skip_serializing_if = "Option::is_none")]
    pub(super) url_auth_type: Option<&'a str>,
    #[serde(rename = "aws:PrincipalOrgID", skip_serializing_if = "Option::is_none")]
    pub(super) organization: Option<&'a str>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use auth::policy::parse_resource_policy;
    use proptest::prelude::*;

    fn principals() -> impl Strategy<Value = Grantee> {
        let text = prop_oneof![
            Just("*".to_owned()),
            "[0-9]{12}",
            "arn:aws:iam::[0-9]{12}:root",
            "arn:aws:iam::[0-9]{12}:(user|role)/([!-)+->@-~]{1,8}/)?[a-z+=,.@_-]{1,20}",
            "arn:aws:sts::[0-9]{12}:assumed-role/[a-z]{1,9}/[a-z@.]{1,9}",
            "([a-z0-9-]{1,9}\\.){1,3}(amazonaws|amazon)\\.com",
        ];
        text.prop_filter_map("nobody", |text| Grantee::parse(&text).ok())
    }

    proptest! {
        /// The pipeline refuses every call on what has a policy that it can't read. So whatever the constraints of the API
        /// and the checks here let through is one that it reads.
        #[test]
        fn every_statement_can_be_read(
            principal in principals(),
            sid in "[a-zA-Z0-9-_]{1,100}",
            action in "(lambda:[*]|lambda:[a-zA-Z]{1,20}|[*])",
            source in prop::option::of("arn:(aws[a-zA-Z0-9-]{0,4}):[a-zA-Z0-9-]{1,9}:(us-east-1)?:([0-9]{12})?:.{0,40}"),
            token in prop::option::of("[a-zA-Z0-9._-]{1,40}"),
            organization in prop::option::of("o-[a-z0-9]{10,32}"),
            account in prop::option::of("[0-9]{12}"),
            via in prop::option::of(prop::bool::ANY),
        ) {
            let statement = Statement {
                sid: &sid,
                effect: Allow::Allow,
                principal,
                action: &action,
                resource: "arn:aws:lambda:us-east-1:000000000000:function:echo:live".to_owned(),
                condition: Condition {
                    string_equals: Texts {
                        url_auth_type: None,
                        organization: organization.as_deref(),
                        source_account: account.as_deref(),
                        event_source_token: token.as_deref(),
                    },
                    bool: via.map(|via| ViaUrl { via_url: if via { "true" } else { "false" } }),
                    arn_like: source.as_deref().map(|arn| SourceArn { arn }),
                },
            };
            let json = statement.write().unwrap().json;
            let document = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{json}]}}"#);
            prop_assert!(parse_resource_policy(&document).is_ok(), "{document}");
        }
    }
}
