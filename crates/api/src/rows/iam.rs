//! Rows of identity and access management.

use super::{Access, Check, Row, Subject};
use auth::Principal;

macro_rules! rows {
    ($operation:expr; $($name:literal $access:ident $subject:ident;)*) => {
        match $operation {
            $($name => Some(const {
                &Row::new(
                    Access::$access,
                    |s| vec![Check { action: concat!("iam:", $name), resource: $subject(s) }],
                )
            }),)*
            _ => None,
        }
    };
}

pub(super) fn row(operation: &str) -> Option<&'static Row> {
    rows! { operation;
        "CreateRole" Write new_role;
        "GetRole" Read role;
        "ListRoles" Read all_roles;
        "DeleteRole" Write role;
        "PutRolePolicy" Write role;
        "GetRolePolicy" Read role;
        "DeleteRolePolicy" Write role;
        "ListRolePolicies" Read role;
        "AttachRolePolicy" Write role;
        "DetachRolePolicy" Write role;
        "ListAttachedRolePolicies" Read role;
        "CreateUser" Write new_user;
        "GetUser" Read user;
        "ListUsers" Read all_users;
        "DeleteUser" Write user;
        "CreateAccessKey" Write user;
        "ListAccessKeys" Read user;
        "DeleteAccessKey" Write user;
        "PutUserPolicy" Write user;
        "GetUserPolicy" Read user;
        "DeleteUserPolicy" Write user;
        "ListUserPolicies" Read user;
        "AttachUserPolicy" Write user;
        "DetachUserPolicy" Write user;
        "ListAttachedUserPolicies" Read user;
        "CreatePolicy" Write new_policy;
        "GetPolicy" Read policy;
        "GetPolicyVersion" Read policy;
        "ListPolicies" Read all_policies;
        "DeletePolicy" Write policy;
    }
}

fn new_role(subject: &Subject<'_>) -> String {
    subject.identity("role", subject.text("Path"), subject.text("RoleName"))
}

fn role(subject: &Subject<'_>) -> String {
    subject.identity("role", "", subject.text("RoleName"))
}

fn all_roles(subject: &Subject<'_>) -> String {
    subject.identity("role", subject.text("PathPrefix"), "")
}

fn new_user(subject: &Subject<'_>) -> String {
    subject.identity("user", subject.text("Path"), subject.text("UserName"))
}

/// The user that is named; without a name these operations mean the caller. (Source: "If you do not specify a user name, IAM
/// determines the user name implicitly", API reference, and the policies for users who look after their own keys in the IAM
/// user guide, which name the user's own ARN.) Who is no user needs the permission for all.
fn user(subject: &Subject<'_>) -> String {
    match (subject.text("UserName"), subject.caller) {
        ("", Principal::User { .. }) => subject.caller.arn(),
        ("", _) => subject.identity("user", "", "*"),
        (name, _) => subject.identity("user", "", name),
    }
}

fn all_users(subject: &Subject<'_>) -> String {
    subject.identity("user", subject.text("PathPrefix"), "")
}

fn new_policy(subject: &Subject<'_>) -> String {
    subject.identity("policy", subject.text("Path"), subject.text("PolicyName"))
}

fn policy(subject: &Subject<'_>) -> String {
    subject.identity_arn("policy", "PolicyArn")
}

fn all_policies(subject: &Subject<'_>) -> String {
    subject.identity("policy", "", "*")
}
