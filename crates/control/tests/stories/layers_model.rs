//! Layer versions against a model, with several callers at once: numbers go up by one, no two are the same, none is used
//! again, and lists show what is there.

use crate::layers::{call, delete, publish};
use http::Method;
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use testkit::Platform;

const LAYERS: [&str; 2] = ["a", "b"];

#[derive(Debug, Clone)]
enum Step {
    Publish(usize),
    /// A version by its distance from the last one.
    Delete(usize, u64),
}

/// What happens at the same time, one batch after the other.
fn batches() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = prop_oneof![
        3 => (0..LAYERS.len()).prop_map(Step::Publish),
        2 => (0..LAYERS.len(), 0..4u64).prop_map(|(layer, back)| Step::Delete(layer, back)),
    ];
    prop::collection::vec(prop::collection::vec(step, 1..6), 1..6)
}

#[derive(Default)]
struct Model {
    last: BTreeMap<usize, u64>,
    there: BTreeMap<usize, BTreeSet<u64>>,
}

impl Model {
    fn last(&self, layer: usize) -> u64 {
        self.last.get(&layer).copied().unwrap_or(0)
    }

    /// Publishes everything of the batch, then deletes: deletions name versions from before the batch.
    fn apply(&mut self, published: &BTreeMap<usize, BTreeSet<u64>>, deleted: &[(usize, u64)]) {
        for (layer, numbers) in published {
            let next = self.last(*layer) + 1;
            let expected: BTreeSet<u64> = (next..).take(numbers.len()).collect();
            assert_eq!(*numbers, expected, "of layer {}", LAYERS[*layer]);
            self.last.insert(*layer, next + numbers.len() as u64 - 1);
            self.there.entry(*layer).or_default().extend(numbers);
        }
        for (layer, number) in deleted {
            self.there.entry(*layer).or_default().remove(number);
        }
    }

    async fn agrees(&self, platform: &Platform) {
        for (layer, name) in LAYERS.iter().enumerate() {
            let listed = call(platform, Method::GET, &format!("/{name}/versions")).await.ok().json();
            let versions = listed["LayerVersions"].as_array().unwrap();
            let found: Vec<u64> = versions.iter().map(|v| v["Version"].as_u64().unwrap()).collect();
            let there = self.there.get(&layer).cloned().unwrap_or_default();
            assert_eq!(found, there.iter().rev().copied().collect::<Vec<_>>(), "of layer {name}");
        }
        let versions = self.there.values().map(BTreeSet::len).sum::<usize>();
        platform.sweep().await;
        assert_eq!(platform.blobs(), versions);
        assert_eq!(platform.usage().await, (0, (versions * testkit::zip(b"x").len()) as u64));
    }
}

async fn tell(batches: Vec<Vec<Step>>) {
    let platform = Platform::start().await;
    let mut model = Model::default();
    for batch in batches {
        let number = |layer: usize, back: u64| model.last(layer).saturating_sub(back).max(1);
        let (mut publications, mut deletions, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        for step in batch {
            match step {
                Step::Publish(layer) => publications.push(layer),
                // What is not there yet may come into being within the batch.
                Step::Delete(layer, back) if model.last(layer) > 0 => {
                    deleted.push((layer, number(layer, back)));
                }
                Step::Delete(..) => {}
            }
        }
        for (layer, number) in &deleted {
            deletions.push(delete(&platform, LAYERS[*layer], *number));
        }
        let publish = |layer: usize| {
            let platform = &platform;
            async move { (layer, publish(platform, LAYERS[layer], b"x", json!({})).await) }
        };
        let (published, deletions) = tokio::join!(all(publications.into_iter().map(publish)), all(deletions));
        assert!(deletions.iter().all(|reply| reply.status.as_u16() == 204));
        let (mut numbers, mut count) = (BTreeMap::<usize, BTreeSet<u64>>::new(), 0);
        for (layer, reply) in published {
            numbers.entry(layer).or_default().insert(reply.ok().json()["Version"].as_u64().unwrap());
            count += 1;
        }
        assert_eq!(numbers.values().map(BTreeSet::len).sum::<usize>(), count, "two have the same number");
        model.apply(&numbers, &deleted);
        model.agrees(&platform).await;
    }
}

/// Waits for all of them, side by side.
async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, done) in futures.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(context) {
                std::task::Poll::Ready(value) => *done = Some(value),
                std::task::Poll::Pending => pending = true,
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn versions_are_numbered_once_whoever_publishes(batches in batches()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(tell(batches));
    }
}
