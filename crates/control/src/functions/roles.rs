//! The execution role of a function: it must exist and trust Lambda.

use crate::{Control, messages};
use auth::Principal;
use auth::policy::Context;
use types::ServiceError;

/// Source: "Lambda execution role": the trust policy names this principal.
const LAMBDA: &str = "lambda.amazonaws.com";

impl Control {
    /// Whether Lambda may assume the role.
    pub(super) async fn check_role(&self, role: &str) -> Result<(), ServiceError> {
        let lambda = Principal::Service(LAMBDA.to_owned());
        let found = self.parts.directory.role_trust(role).await;
        let found = found.map_err(messages::failed)?;
        match found {
            Some(trust) if trust.allows(&lambda, "sts:AssumeRole", &Context::default()) => Ok(()),
            _ => Err(messages::role_not_assumable()),
        }
    }
}
