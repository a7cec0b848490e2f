//! GetCallerIdentity.

use super::{Sts, messages};
use api::sts::{GetCallerIdentity, GetCallerIdentityRequest, GetCallerIdentityResponse};
use api::{Handle, Request};
use auth::Principal;
use types::ServiceError;

impl Handle<GetCallerIdentity> for Sts {
    async fn handle(
        &self,
        request: Request<GetCallerIdentityRequest>,
    ) -> Result<GetCallerIdentityResponse, ServiceError> {
        shown(request.permit.principal())
    }
}

fn shown(principal: &Principal) -> Result<GetCallerIdentityResponse, ServiceError> {
    let account = principal.account().ok_or_else(messages::nobody)?;
    Ok(GetCallerIdentityResponse {
        user_id: Some(principal.user_id()),
        account: Some(account.to_string()),
        arn: Some(principal.arn()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::AccountId;

    #[test]
    fn the_owner_of_an_account_is_shown_with_its_number() {
        let answer = shown(&Principal::Root(AccountId::FIRST)).unwrap();
        assert_eq!(answer.user_id.as_deref(), Some("000000000000"));
        assert_eq!(answer.account.as_deref(), Some("000000000000"));
        assert_eq!(answer.arn.as_deref(), Some("arn:aws:iam::000000000000:root"));
    }

    #[test]
    fn nobody_is_an_error() {
        assert_eq!(shown(&Principal::Anonymous).unwrap_err().code, "InternalFailure");
    }
}
