//! ListLayerVersions.

use super::compatible::Filter;
use super::list::READS;
use super::{named, show};
use crate::{Control, marker, messages, page};
use api::lambda::{ListLayerVersions, ListLayerVersionsRequest, ListLayerVersionsResponse};
use api::{Handle, Request};
use store::records::LayerVersionRecord;
use types::{LayerRef, ServiceError};

impl Handle<ListLayerVersions> for Control {
    /// The latest version first. Source: the service's answers; a layer that never was has no versions.
    async fn handle(
        &self,
        request: Request<ListLayerVersionsRequest>,
    ) -> Result<ListLayerVersionsResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let layer = named::layer(&input.layer_name, &context)?;
        let filter =
            Filter::new(input.compatible_runtime, input.compatible_architecture, &self.parts.runtimes)?;
        let before: Option<u64> = marker::read(input.marker.as_deref())?;
        let asked = page::size(input.max_items);
        let (versions, next) = self.matching_versions(&layer, before, &filter, asked).await?;
        let (versions, more) = page::cut(versions, asked);
        let last = if more { versions.last().map(|version| version.number) } else { next };
        let shown = versions.iter().map(|version| show::item(version, &layer)).collect();
        Ok(ListLayerVersionsResponse { next_marker: last.map(marker::after), layer_versions: Some(shown) })
    }
}

impl Control {
    /// Up to one version more than `asked`, and the last one that was looked at where there may be more behind it.
    async fn matching_versions(
        &self,
        layer: &LayerRef,
        mut before: Option<u64>,
        filter: &Filter,
        asked: usize,
    ) -> Result<(Vec<LayerVersionRecord>, Option<u64>), ServiceError> {
        let (account, name) = (layer.account, layer.name.as_str());
        let all = LayerVersionRecord::all_of(account, name).map_err(messages::failed)?;
        let (mut found, mut reads) = (Vec::new(), 0);
        while found.len() <= asked && reads < READS {
            let place = before.map(|number| LayerVersionRecord::place(account, name, number)).transpose();
            let place = place.map_err(messages::failed)?;
            let scan = self.parts.store.scan_reverse::<LayerVersionRecord>(&all, place.as_ref(), page::MOST);
            let page = scan.await.map_err(messages::failed)?;
            let is_last = page.len() < page::MOST;
            reads += page.len();
            before = page.last().map(|stored| stored.value.number);
            found.extend(page.into_iter().map(|stored| stored.value).filter(|v| filter.admits(v)));
            if is_last {
                return Ok((found, None));
            }
        }
        Ok((found, before))
    }
}
