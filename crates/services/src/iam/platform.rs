//! The platform's own managed policies: those that tools attach as a matter of course. They can be attached and read, and
//! nobody can change them.
//!
//! Source of names and paths: "AWS managed policies for AWS Lambda" and "AWS managed policies for job functions". The
//! documents are written for what is built here.

use types::Timestamp;

/// What all ARNs of the platform's policies begin with.
pub(super) const ARN: &str = "arn:aws:iam::aws:policy";
/// When they came into being: 2026-11-24.
pub(super) const CREATED: Timestamp = Timestamp(1_795_478_400_000);

/// A policy of the platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PlatformPolicy {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) description: &'static str,
    pub(super) document: &'static str,
}

impl PlatformPolicy {
    pub(super) fn arn(&self) -> String {
        format!("{ARN}{}{}", self.path, self.name)
    }
}

/// The policy with this ARN.
pub(super) fn find(arn: &str) -> Option<&'static PlatformPolicy> {
    let named = arn.strip_prefix(ARN)?;
    ALL.iter().find(|policy| named.strip_prefix(policy.path) == Some(policy.name))
}

macro_rules! document {
    ($($statement:literal),*) => {
        concat!(r#"{"Version":"2012-10-17","Statement":["#, document!(@join $($statement),*), "]}")
    };
    (@join $only:literal) => { $only };
    (@join $first:literal, $($rest:literal),*) => { concat!($first, ",", document!(@join $($rest),*)) };
}

/// All of them, in the order of their names.
pub(super) static ALL: &[PlatformPolicy] = &[
    PlatformPolicy {
        name: "AWSLambdaBasicExecutionRole",
        path: "/service-role/",
        id: "ANPALAMBDABASICEXECUT",
        description: "Lets a function write its logs.",
        document: document!(
            r#"{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}"#
        ),
    },
    PlatformPolicy {
        name: "AWSLambdaExecute",
        path: "/",
        id: "ANPALAMBDAEXECUTEAAAA",
        description: "Lets a function write logs, and read and write objects.",
        document: document!(
            r#"{"Effect":"Allow","Action":"logs:*","Resource":"arn:aws:logs:*:*:*"}"#,
            r#"{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::*"}"#
        ),
    },
    PlatformPolicy {
        name: "AWSLambdaRole",
        path: "/service-role/",
        id: "ANPALAMBDAROLEAAAAAAA",
        description: "Lets a service invoke functions.",
        document: document!(r#"{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"*"}"#),
    },
    PlatformPolicy {
        name: "AWSLambda_FullAccess",
        path: "/",
        id: "ANPALAMBDAFULLACCESSA",
        description: "Everything with functions, and what goes with that.",
        // Lambda is the only service that a role can be passed to.
        document: document!(
            r#"{"Effect":"Allow","Action":["lambda:*","iam:PassRole","iam:GetPolicy","iam:GetPolicyVersion","iam:GetRole","iam:GetRolePolicy","iam:ListAttachedRolePolicies","iam:ListRolePolicies","iam:ListRoles","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:GetLogEvents","logs:FilterLogEvents"],"Resource":"*"}"#
        ),
    },
    PlatformPolicy {
        name: "AWSLambda_ReadOnlyAccess",
        path: "/",
        id: "ANPALAMBDAREADONLYAAA",
        description: "Looks at functions, and changes nothing.",
        document: document!(
            r#"{"Effect":"Allow","Action":["lambda:Get*","lambda:List*","iam:GetPolicy","iam:GetPolicyVersion","iam:GetRole","iam:GetRolePolicy","iam:ListAttachedRolePolicies","iam:ListRolePolicies","iam:ListRoles","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:GetLogEvents","logs:FilterLogEvents"],"Resource":"*"}"#
        ),
    },
    PlatformPolicy {
        name: "AdministratorAccess",
        path: "/",
        id: "ANPAADMINISTRATORACCE",
        description: "Everything.",
        document: document!(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#),
    },
    PlatformPolicy {
        name: "CloudWatchLogsReadOnlyAccess",
        path: "/",
        id: "ANPALOGSREADONLYACCES",
        description: "Reads logs.",
        document: document!(
            r#"{"Effect":"Allow","Action":["logs:Describe*","logs:Get*","logs:List*","logs:FilterLogEvents"],"Resource":"*"}"#
        ),
    },
    PlatformPolicy {
        name: "IAMFullAccess",
        path: "/",
        id: "ANPAIAMFULLACCESSAAAA",
        description: "Everything with identities.",
        document: document!(r#"{"Effect":"Allow","Action":"iam:*","Resource":"*"}"#),
    },
    PlatformPolicy {
        name: "IAMReadOnlyAccess",
        path: "/",
        id: "ANPAIAMREADONLYACCESS",
        description: "Looks at identities.",
        document: document!(r#"{"Effect":"Allow","Action":["iam:Get*","iam:List*"],"Resource":"*"}"#),
    },
    PlatformPolicy {
        name: "PowerUserAccess",
        path: "/",
        id: "ANPAPOWERUSERACCESSAA",
        description: "Everything but identities.",
        document: document!(
            r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}"#
        ),
    },
    PlatformPolicy {
        name: "ReadOnlyAccess",
        path: "/",
        id: "ANPAREADONLYACCESSAAA",
        description: "Looks at everything, and changes nothing.",
        document: document!(
            r#"{"Effect":"Allow","Action":["iam:Get*","iam:List*","lambda:Get*","lambda:List*","logs:Describe*","logs:FilterLogEvents","logs:Get*","logs:List*","sts:GetCallerIdentity"],"Resource":"*"}"#
        ),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document;
    use auth::policy::{Context, Decision, Question, decide, parse_identity_policy};
    use std::collections::BTreeSet;

    #[test]
    fn all_are_right_sorted_and_have_an_id_of_their_own() {
        assert!(ALL.is_sorted_by(|a, b| a.name < b.name));
        let ids: BTreeSet<_> = ALL.iter().map(|policy| policy.id).collect();
        assert_eq!(ids.len(), ALL.len());
        for policy in ALL {
            document::check_managed(policy.document).unwrap();
            assert_eq!(policy.id.len(), 21, "{}", policy.id);
            assert_eq!(find(&policy.arn()), Some(policy));
        }
    }

    #[test]
    fn an_arn_must_be_whole() {
        assert!(find("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole").is_some());
        for wrong in [
            "arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole",
            "arn:aws:iam::aws:policy/service-role/",
            "arn:aws:iam::aws:policy/administratoraccess",
            "arn:aws:iam::000000000000:policy/AdministratorAccess",
            "AdministratorAccess",
        ] {
            assert_eq!(find(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn readers_change_nothing() {
        let context = Context::default();
        let read_only = find("arn:aws:iam::aws:policy/ReadOnlyAccess").unwrap();
        let policy = [parse_identity_policy(read_only.document).unwrap()];
        let ask = |action| decide(policy.iter(), &Question { action, resource: "*", context: &context });
        assert_eq!(ask("lambda:ListFunctions"), Decision::Allow);
        for action in ["lambda:InvokeFunction", "lambda:CreateFunction", "iam:CreateUser", "iam:PassRole"] {
            assert_eq!(ask(action), Decision::ImplicitDeny, "{action}");
        }
    }
}
