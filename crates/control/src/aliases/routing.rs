//! Where an alias sends invocations, and what it may not.
//!
//! Source: "Using alias routing" in the developer guide: an alias points to at most two versions, both published, with
//! the same execution role and dead-letter queue.

use crate::functions::edit;
use crate::{Control, messages};
use api::function_errors;
use api::lambda::AliasRoutingConfiguration;
use std::collections::BTreeMap;
use store::records::AliasRecord;
use types::{FunctionRef, ServiceError, Version};

/// The version that a request names. A number that no version can have is one that is not there.
pub(super) fn version(function: &FunctionRef, text: &str) -> Result<Version, ServiceError> {
    if text == edit::LATEST_PUBLISHED {
        return Err(messages::not_built(text));
    }
    text.parse().map_err(|_| not_found(function, text))
}

/// The shares of other versions that a request names.
pub(super) fn weights(
    function: &FunctionRef,
    config: Option<&AliasRoutingConfiguration>,
) -> Result<BTreeMap<u64, f64>, ServiceError> {
    let Some(weights) = config.and_then(|config| config.additional_version_weights.as_ref()) else {
        return Ok(BTreeMap::new());
    };
    if weights.len() > 1 {
        return Err(messages::too_many_weights());
    }
    let number = |text: &String| match text.parse() {
        Ok(Version::Number(number)) => Ok(number),
        _ => Err(not_found(function, text)),
    };
    weights.iter().map(|(version, weight)| Ok((number(version)?, *weight))).collect()
}

/// Whether invocations of the alias can reach the version.
pub(crate) fn points_to(alias: &AliasRecord, number: u64) -> bool {
    alias.version == Version::Number(number) || alias.weights.contains_key(&number)
}

impl Control {
    /// Every version that the alias names is there, and they fit together. The caller holds the function's releases, so
    /// that they are still there when it commits.
    pub(super) async fn check_target(
        &self,
        function: &FunctionRef,
        alias: &AliasRecord,
    ) -> Result<(), ServiceError> {
        let main = match alias.version {
            Version::Latest => None,
            Version::Number(number) => Some(self.existing(function, number).await?),
        };
        for number in alias.weights.keys() {
            let Some(main) = &main else { return Err(messages::latest_with_weights()) };
            if alias.version == Version::Number(*number) {
                return Err(messages::version_twice(*number));
            }
            let other = self.existing(function, *number).await?;
            if other.configuration.role != main.configuration.role {
                return Err(messages::roles_differ());
            }
        }
        Ok(())
    }

    async fn existing(
        &self,
        function: &FunctionRef,
        number: u64,
    ) -> Result<store::records::VersionRecord, ServiceError> {
        let found = self.version(function, number).await?;
        found.map(|stored| stored.value).ok_or_else(|| not_found(function, &number.to_string()))
    }
}

fn not_found(function: &FunctionRef, version: &str) -> ServiceError {
    function_errors::not_found(&format!("{}:{version}", function.unqualified_arn()))
}
