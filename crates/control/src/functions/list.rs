//! ListFunctions.

use super::{configuration, edit};
use crate::{Control, marker, messages};
use api::lambda::{FunctionConfiguration, ListFunctions, ListFunctionsRequest, ListFunctionsResponse};
use api::{Handle, Request};
use store::records::FunctionRecord;
use store::{Key, Stored};
use types::{FunctionName, FunctionRef, Qualifier, ServiceError, Version};

/// Source: "Lambda returns up to 50 functions per call" (API reference, ListFunctions).
const PAGE: usize = 50;

impl Handle<ListFunctions> for Control {
    async fn handle(
        &self,
        request: Request<ListFunctionsRequest>,
    ) -> Result<ListFunctionsResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let elsewhere =
            input.master_region.as_deref().is_some_and(|r| r != "ALL" && r != context.region.as_str());
        if elsewhere {
            return Ok(ListFunctionsResponse { functions: Some(Vec::new()), ..Default::default() });
        }
        let after: Option<FunctionName> = marker::read(input.marker.as_deref())?;
        let after = after.map(|name| edit::place(context.account, &name)).transpose()?;
        let asked = input.max_items.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).clamp(1, PAGE);
        let all_of_account = Key::prefix([context.account.as_str()]).map_err(messages::failed)?;
        let scan = self.parts.store.scan::<FunctionRecord>(&all_of_account, after.as_ref(), asked + 1);
        let mut page = scan.await.map_err(messages::failed)?;
        let more = page.len() > asked;
        page.truncate(asked);
        let next_marker = page.last().filter(|_| more).map(|last| marker::after(&last.value.name));
        let qualified = input.function_version.is_some();
        let functions = page.iter().map(|stored| self.shown(stored, qualified)).collect();
        Ok(ListFunctionsResponse { functions: Some(functions), next_marker })
    }
}

impl Control {
    /// With FunctionVersion=ALL every entry names its version in the ARN.
    fn shown(&self, stored: &Stored<FunctionRecord>, qualified: bool) -> FunctionConfiguration {
        let record = &stored.value;
        let asked = qualified.then(|| FunctionRef {
            account: record.account,
            region: self.parts.region.clone(),
            name: record.name.clone(),
            qualifier: Some(Qualifier::Version(Version::Latest)),
        });
        let mut shown = configuration::show(self, record, asked.as_ref());
        // Source: "The ListFunctions operation returns a subset of the FunctionConfiguration fields. To get the
        // additional fields (State, StateReasonCode, StateReason, LastUpdateStatus, LastUpdateStatusReason,
        // LastUpdateStatusReasonCode, RuntimeVersionConfig) for a function or version, use GetFunction."
        shown.state = None;
        shown.state_reason = None;
        shown.state_reason_code = None;
        shown.last_update_status = None;
        shown.last_update_status_reason = None;
        shown.last_update_status_reason_code = None;
        shown.runtime_version_config = None;
        shown
    }
}
