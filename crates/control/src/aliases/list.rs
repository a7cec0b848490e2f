//! ListAliases.

use super::{routing, show};
use crate::functions::edit;
use crate::{Control, marker, messages, page};
use api::lambda::{ListAliases, ListAliasesRequest, ListAliasesResponse};
use api::{Handle, Request};
use store::records::AliasRecord;
use store::{Key, Stored};
use types::{FunctionRef, Qualifier, ServiceError, Version};

impl Handle<ListAliases> for Control {
    /// In the order of their names. Source for FunctionVersion: "Specify a function version to only list aliases that
    /// invoke that version."
    async fn handle(
        &self,
        request: Request<ListAliasesRequest>,
    ) -> Result<ListAliasesResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let function = edit::to_change(&input.function_name, &context)?;
        let asked = page::size(input.max_items);
        let version = input.function_version.as_deref();
        let version = version.map(|version| routing::version(&function, version)).transpose()?;
        self.require_function(&function).await?;
        let after: Option<String> = marker::read(input.marker.as_deref())?;
        let after = after.map(|name| AliasRecord::place(function.account, &function.name, &name));
        let after = after.transpose().map_err(|_| messages::bad_marker())?;
        let (found, more) = page::cut(self.aliases(&function, version, after, asked + 1).await?, asked);
        let next_marker = found.last().filter(|_| more).map(|last| marker::after(name_of(last)));
        let shown = found.iter().map(|stored| shown(&function, stored)).collect();
        Ok(ListAliasesResponse { aliases: Some(shown), next_marker })
    }
}

impl Control {
    /// The first `limit` aliases after a place that can reach the version, of all that there are where none is given.
    async fn aliases(
        &self,
        function: &FunctionRef,
        version: Option<Version>,
        mut after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<Stored<AliasRecord>>, ServiceError> {
        let all = AliasRecord::all_of(function.account, &function.name).map_err(messages::failed)?;
        let mut found = Vec::new();
        loop {
            let page = self.parts.store.scan::<AliasRecord>(&all, after.as_ref(), limit).await;
            let page = page.map_err(messages::failed)?;
            let is_last = page.len() < limit;
            after = page.last().map(|last| last.key.clone());
            found.extend(page.into_iter().filter(|stored| reaches(&stored.value, version)));
            if is_last || found.len() >= limit {
                return Ok(found);
            }
        }
    }
}

fn reaches(alias: &AliasRecord, version: Option<Version>) -> bool {
    match version {
        None => true,
        Some(Version::Number(number)) => routing::points_to(alias, number),
        Some(latest) => alias.version == latest,
    }
}

fn name_of(alias: &Stored<AliasRecord>) -> &str {
    alias.key.segments().next_back().unwrap_or_default()
}

fn shown(function: &FunctionRef, alias: &Stored<AliasRecord>) -> api::lambda::AliasConfiguration {
    let name = name_of(alias);
    let qualified = FunctionRef { qualifier: Some(Qualifier::Alias(name.to_owned())), ..function.clone() };
    show::show(&qualified, name, &alias.value)
}
