//! ListFunctions.

use super::configuration::{self, Qualified, View};
use super::edit;
use crate::{Control, marker, messages, page};
use api::lambda::{ListFunctions, ListFunctionsRequest, ListFunctionsResponse};
use api::{Handle, Request};
use std::fmt;
use std::str::FromStr;
use store::records::{FunctionRecord, VersionRecord};
use store::{Key, Prefix, Stored};
use types::{AccountId, FunctionName, ServiceError};

impl Handle<ListFunctions> for Control {
    /// Source for MasterRegion: "For Lambda@Edge functions, the Region of the master function […] to include functions
    /// replicated from"; nothing here is a replica. "If specified, you must set FunctionVersion to ALL."
    async fn handle(
        &self,
        request: Request<ListFunctionsRequest>,
    ) -> Result<ListFunctionsResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let asked = page::size(input.max_items);
        match (input.function_version.as_deref(), input.master_region) {
            (None, Some(_)) => Err(messages::master_region_without_all()),
            (_, Some(_)) => Ok(ListFunctionsResponse { functions: Some(Vec::new()), ..Default::default() }),
            (None, None) => self.latest_of_all(context.account, input.marker.as_deref(), asked).await,
            (Some(_), None) => {
                self.all_versions_of_all(context.account, input.marker.as_deref(), asked).await
            }
        }
    }
}

impl Control {
    async fn latest_of_all(
        &self,
        account: AccountId,
        marker: Option<&str>,
        asked: usize,
    ) -> Result<ListFunctionsResponse, ServiceError> {
        let after: Option<FunctionName> = marker::read(marker)?;
        let (prefix, after) =
            (of_account(account)?, after.map(|name| edit::place(account, &name)).transpose()?);
        let scan = self.parts.store.scan::<FunctionRecord>(&prefix, after.as_ref(), asked + 1);
        let (found, more) = page::cut(scan.await.map_err(messages::failed)?, asked);
        let shown = found.iter().map(|stored| configuration::listed(self, &stored.value, Qualified::No));
        let next_marker = found.last().filter(|_| more).map(|last| marker::after(&last.value.name));
        Ok(ListFunctionsResponse { functions: Some(shown.collect()), next_marker })
    }

    /// Function by function in order of their names, each one's `$LATEST` before its versions: the two tables are merged
    /// as they are ordered, so that a page reads as many records as it shows, or twice as many.
    async fn all_versions_of_all(
        &self,
        account: AccountId,
        marker: Option<&str>,
        asked: usize,
    ) -> Result<ListFunctionsResponse, ServiceError> {
        let store = &self.parts.store;
        let (prefix, after) = (of_account(account)?, marker::read::<Spot>(marker)?);
        let function = after.as_ref().map(|spot| edit::place(account, &spot.name)).transpose()?;
        let version = after.map(|spot| VersionRecord::place(account, &spot.name, spot.number));
        let version = version.transpose().map_err(messages::failed)?;
        let functions = store.scan::<FunctionRecord>(&prefix, function.as_ref(), asked + 1).await;
        let versions = store.scan::<VersionRecord>(&prefix, version.as_ref(), asked + 1).await;
        let (functions, versions) =
            (functions.map_err(messages::failed)?, versions.map_err(messages::failed)?);
        let (found, more) = page::cut(merged(&functions, &versions), asked);
        let shown = found.iter().map(|(_, view)| configuration::listed(self, *view, Qualified::Yes));
        let next_marker = found.last().filter(|_| more).map(|(spot, _)| marker::after(spot));
        Ok(ListFunctionsResponse { functions: Some(shown.collect()), next_marker })
    }
}

fn of_account(account: AccountId) -> Result<Prefix, ServiceError> {
    Key::prefix([account.as_str()]).map_err(messages::failed)
}

fn merged<'r>(
    functions: &'r [Stored<FunctionRecord>],
    versions: &'r [Stored<VersionRecord>],
) -> Vec<(Spot, View<'r>)> {
    let latest =
        functions.iter().map(|f| (Spot { name: f.value.name.clone(), number: 0 }, (&f.value).into()));
    let published = versions
        .iter()
        .map(|v| (Spot { name: v.value.name.clone(), number: v.value.number }, View::from(&v.value)));
    let mut all: Vec<(Spot, View<'r>)> = latest.chain(published).collect();
    all.sort_by(|(left, _), (right, _)| left.cmp(right));
    all
}

/// One version's place in the list of all; 0 stands for `$LATEST`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    name: FunctionName,
    number: u64,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.number)
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, number) = text.split_once(':').ok_or(())?;
        Ok(Self { name: name.parse().map_err(drop)?, number: number.parse().map_err(drop)? })
    }
}
