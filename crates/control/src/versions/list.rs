//! ListVersionsByFunction.

use crate::functions::configuration::{self, Qualified};
use crate::functions::edit;
use crate::{Control, marker, messages, page};
use api::lambda::{ListVersionsByFunction, ListVersionsByFunctionRequest, ListVersionsByFunctionResponse};
use api::{Handle, Request};
use store::records::VersionRecord;
use types::ServiceError;

impl Handle<ListVersionsByFunction> for Control {
    /// `$LATEST` comes first, and then the versions in the order in which they were published. A marker names the number
    /// of the last one that was shown, 0 for `$LATEST`.
    async fn handle(
        &self,
        request: Request<ListVersionsByFunctionRequest>,
    ) -> Result<ListVersionsByFunctionResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::to_change(&input.function_name, &context)?;
        let asked = page::size(input.max_items);
        let after: Option<u64> = marker::read(input.marker.as_deref())?;
        let latest = self.find(&function).await?;
        let first = (after.is_none()).then(|| configuration::listed(self, &latest.value, Qualified::Yes));
        let after = after.unwrap_or_default();
        let place =
            VersionRecord::place(function.account, &function.name, after).map_err(messages::failed)?;
        let all = VersionRecord::all_of(function.account, &function.name).map_err(messages::failed)?;
        let scan = self.parts.store.scan::<VersionRecord>(&all, Some(&place), asked + 1);
        let found = scan.await.map_err(messages::failed)?;
        let published = found
            .iter()
            .map(|stored| (stored.value.number, configuration::listed(self, &stored.value, Qualified::Yes)));
        let entries = first.map(|latest| (0, latest)).into_iter().chain(published).collect();
        let (entries, more): (Vec<_>, _) = page::cut(entries, asked);
        let next_marker = entries.last().filter(|_| more).map(|(number, _)| marker::after(number));
        let versions = entries.into_iter().map(|(_, shown)| shown).collect();
        Ok(ListVersionsByFunctionResponse { versions: Some(versions), next_marker })
    }
}
