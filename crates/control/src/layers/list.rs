//! ListLayers.

use super::compatible::Filter;
use super::show;
use crate::{Control, marker, messages, page};
use api::lambda::{LayersListItem, ListLayers, ListLayersRequest, ListLayersResponse};
use api::{Handle, Request};
use store::records::{LayerRecord, LayerVersionRecord};
use store::{Key, Stored};
use types::{AccountId, LayerName, LayerRef, ServiceError};

/// Records that one call reads before it answers with what it has and a marker: a filter, or layers without versions, may
/// pass over many. A layer that was begun is finished.
pub(super) const READS: usize = 2000;

impl Handle<ListLayers> for Control {
    /// The caller's layers in the order of their names, each with its latest version that matches.
    async fn handle(&self, request: Request<ListLayersRequest>) -> Result<ListLayersResponse, ServiceError> {
        let Request { input, context, .. } = request;
        let filter =
            Filter::new(input.compatible_runtime, input.compatible_architecture, &self.parts.runtimes)?;
        let after: Option<LayerName> = marker::read(input.marker.as_deref())?;
        let asked = page::size(input.max_items);
        let (layers, next) = self.matching_layers(context.account, after, &filter, asked).await?;
        let (layers, more) = page::cut(layers, asked);
        let last = if more { layers.last().map(|layer| layer.0.name.clone()) } else { next };
        let shown = layers.iter().map(|(layer, latest)| LayersListItem {
            layer_name: Some(layer.name.to_string()),
            layer_arn: Some(layer.arn()),
            latest_matching_version: Some(show::item(latest, layer)),
        });
        Ok(ListLayersResponse { next_marker: last.map(marker::after), layers: Some(shown.collect()) })
    }
}

impl Control {
    /// Up to one layer more than `asked`, and the last layer that was looked at where there may be more behind it.
    async fn matching_layers(
        &self,
        account: AccountId,
        mut after: Option<LayerName>,
        filter: &Filter,
        asked: usize,
    ) -> Result<(Vec<(LayerRef, LayerVersionRecord)>, Option<LayerName>), ServiceError> {
        let all_of_account = Key::prefix([account.as_str()]).map_err(messages::failed)?;
        let (mut found, mut reads) = (Vec::new(), 0);
        while found.len() <= asked && reads < READS {
            let place = after.as_ref().map(|name| LayerRecord::place(account, name.as_str())).transpose();
            let place = place.map_err(messages::failed)?;
            let scan = self.parts.store.scan::<LayerRecord>(&all_of_account, place.as_ref(), page::MOST);
            let page = scan.await.map_err(messages::failed)?;
            for stored in &page {
                let name = name_of(stored)?;
                let layer = LayerRef { account, region: self.parts.region.clone(), name: name.clone() };
                if let Some(latest) = self.latest_matching(&layer, filter, &mut reads).await? {
                    found.push((layer, latest));
                }
                after = Some(name);
                if found.len() > asked || reads >= READS {
                    return Ok((found, after));
                }
            }
            if page.len() < page::MOST {
                return Ok((found, None));
            }
        }
        Ok((found, after))
    }

    async fn latest_matching(
        &self,
        layer: &LayerRef,
        filter: &Filter,
        reads: &mut usize,
    ) -> Result<Option<LayerVersionRecord>, ServiceError> {
        let all = LayerVersionRecord::all_of(layer.account, layer.name.as_str()).map_err(messages::failed)?;
        let (mut before, mut size) = (None, 1);
        loop {
            let scan = self.parts.store.scan_reverse::<LayerVersionRecord>(&all, before.as_ref(), size);
            let page = scan.await.map_err(messages::failed)?;
            *reads += page.len() + 1;
            let is_last = page.len() < size;
            before = page.last().map(|stored| stored.key.clone());
            if let Some(found) = page.into_iter().find(|stored| filter.admits(&stored.value)) {
                return Ok(Some(found.value));
            }
            if is_last {
                return Ok(None);
            }
            size = page::MOST;
        }
    }
}

fn name_of(stored: &Stored<LayerRecord>) -> Result<LayerName, ServiceError> {
    stored.key.segments().next_back().unwrap_or_default().parse().map_err(messages::failed)
}
