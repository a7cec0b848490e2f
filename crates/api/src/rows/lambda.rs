//! Rows of Lambda.

use super::{Access, Check, Row, Subject};

pub(super) fn row(operation: &str) -> Option<&'static Row> {
    const fn read(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Read, checks)
    }
    const fn write(checks: fn(&Subject<'_>) -> Vec<Check>) -> Row {
        Row::new(Access::Write, checks)
    }
    Some(match operation {
        "CreateFunction" => const { &write(create_function) },
        "GetFunction" => const { &read(|s| on_function(s, "lambda:GetFunction")) },
        "GetFunctionConfiguration" => const { &read(|s| on_function(s, "lambda:GetFunctionConfiguration")) },
        "ListFunctions" => const { &read(|_| on_all("lambda:ListFunctions")) },
        "UpdateFunctionCode" => const { &write(|s| on_function(s, "lambda:UpdateFunctionCode")) },
        "UpdateFunctionConfiguration" => const { &write(update_configuration) },
        "DeleteFunction" => const { &write(|s| on_function(s, "lambda:DeleteFunction")) },
        "GetAccountSettings" => const { &read(|_| on_all("lambda:GetAccountSettings")) },
        "AddPermission" => const { &write(|s| on_function(s, "lambda:AddPermission")) },
        "RemovePermission" => const { &write(|s| on_function(s, "lambda:RemovePermission")) },
        "GetPolicy" => const { &read(|s| on_function(s, "lambda:GetPolicy")) },
        "Invoke" => const { &write(|s| on_function(s, "lambda:InvokeFunction")) },
        _ => return None,
    })
}

fn on_all(action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: "*".to_owned() }]
}

fn on_function(subject: &Subject<'_>, action: &'static str) -> Vec<Check> {
    vec![Check { action, resource: subject.function("FunctionName") }]
}

fn create_function(subject: &Subject<'_>) -> Vec<Check> {
    with_pass_role(subject, on_function(subject, "lambda:CreateFunction"))
}

fn update_configuration(subject: &Subject<'_>) -> Vec<Check> {
    with_pass_role(subject, on_function(subject, "lambda:UpdateFunctionConfiguration"))
}

/// A role is passed only where one is named; CreateFunction without one fails its validation.
fn with_pass_role(subject: &Subject<'_>, mut checks: Vec<Check>) -> Vec<Check> {
    if !subject.text("Role").is_empty() {
        checks.push(Check { action: "iam:PassRole", resource: subject.identity_arn("role", "Role") });
    }
    checks
}
