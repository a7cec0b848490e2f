//! GetAccountSettings.

use crate::Control;
use api::lambda::{
    AccountLimit, AccountUsage, GetAccountSettings, GetAccountSettingsRequest, GetAccountSettingsResponse,
};
use api::{Handle, Request};
use types::{ServiceError, limits};

impl Handle<GetAccountSettings> for Control {
    async fn handle(
        &self,
        request: Request<GetAccountSettingsRequest>,
    ) -> Result<GetAccountSettingsResponse, ServiceError> {
        let usage = self.usage.of(request.context.account);
        let limit = self.parts.account_concurrency;
        let reserved = self.reserved_in_all(request.context.account).await?;
        Ok(GetAccountSettingsResponse {
            account_limit: Some(AccountLimit {
                total_code_size: Some(signed(limits::ACCOUNT_CODE_BYTES)),
                code_size_unzipped: Some(signed(limits::CODE_UNZIPPED_BYTES)),
                code_size_zipped: Some(signed(limits::CODE_ZIPPED_BYTES)),
                concurrent_executions: Some(limit.into()),
                unreserved_concurrent_executions: Some(limit.saturating_sub(reserved).into()),
            }),
            account_usage: Some(AccountUsage {
                total_code_size: Some(signed(usage.code_bytes)),
                function_count: Some(signed(usage.functions)),
            }),
        })
    }
}

/// A size on the wire.
pub(crate) fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
