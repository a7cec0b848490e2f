//! Which group a call means.

use super::messages;
use api::Context;
use types::{Arn, ServiceError};

/// The name of the group that a call names, by name or by identifier (a name or an ARN of this account and region).
///
/// # Errors
/// Both or none are given; the identifier is another account's or region's group, which is none of ours.
pub(super) fn group(
    name: Option<String>,
    identifier: Option<String>,
    context: &Context,
) -> Result<String, ServiceError> {
    match (name, identifier) {
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => of_identifier(identifier, context),
        _ => Err(messages::one_group()),
    }
}

/// The name in an identifier.
pub(super) fn of_identifier(identifier: String, context: &Context) -> Result<String, ServiceError> {
    if !identifier.starts_with("arn:") {
        return Ok(identifier);
    }
    let arn: Arn = identifier.parse().map_err(|_| messages::no_such_group())?;
    let ours = arn.partition == "aws"
        && arn.service == "logs"
        && arn.region == context.region.as_str()
        && arn.account == context.account.as_str();
    let name = arn.resource.strip_prefix("log-group:").map(|name| name.trim_end_matches(":*"));
    name.filter(|_| ours).map(str::to_owned).ok_or_else(messages::no_such_group)
}
