//! Rows of the token service.

use super::{Access, Check, Row, Subject};

pub(super) fn row(operation: &str) -> Option<&'static Row> {
    match operation {
        // "No permissions are required to perform this operation" (API reference, GetCallerIdentity): even an explicit
        // deny does not stop it. Being somebody is enough.
        "GetCallerIdentity" => Some(const { &Row::new(Access::Read, caller_identity).open_to_callers() }),
        _ => None,
    }
}

fn caller_identity(_: &Subject<'_>) -> Vec<Check> {
    vec![Check { action: "sts:GetCallerIdentity", resource: "*".to_owned() }]
}
