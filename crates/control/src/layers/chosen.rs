//! The layers that a caller gives a function: `Layers` of CreateFunction and UpdateFunctionConfiguration.
//!
//! Sending a list is a new use of every layer in it, also of those that the function has already: each must be there and,
//! by the checks before the handler, readable to the caller. Source: "The creator of a layer can delete the version of the
//! layer that you're using. When this happens, your function continues to run as though the layer version still exists.
//! However, when you update the layer configuration, you must remove the reference to the deleted version" (developer
//! guide).

use crate::{Control, messages};
use store::records::{LayerUse, LayerVersionRecord};
use store::{Record, StoreError, Stored, Transaction};
use types::{LayerVersionRef, Region, ServiceError, limits};

/// Layer versions as they were read, in the caller's order.
#[derive(Default)]
pub(crate) struct Chosen {
    versions: Vec<Stored<LayerVersionRecord>>,
    uses: Vec<LayerUse>,
}

impl Chosen {
    /// What the function keeps of them.
    pub(crate) fn uses(&self) -> Vec<LayerUse> {
        self.uses.clone()
    }

    /// Lets a transaction happen only while every one of them is there: a package that a committed layer version names is
    /// not swept, so that the function's reference is good.
    pub(crate) fn require_in(&self, transaction: &mut Transaction) {
        for stored in &self.versions {
            transaction.require::<LayerVersionRecord>(&stored.key, stored.revision);
        }
    }

    /// Why a transaction failed that required them: one was deleted meanwhile, or something else.
    pub(crate) fn gone(&self, error: StoreError) -> ServiceError {
        let lost = |key: &str| self.versions.iter().position(|stored| stored.key.as_str() == key);
        let lost = match &error {
            StoreError::Conflict { table: LayerVersionRecord::TABLE, key } => lost(key),
            _ => None,
        };
        match lost.and_then(|at| self.uses.get(at)) {
            Some(layer) => messages::no_such_layer_version(&layer.arn),
            None => messages::failed(error),
        }
    }
}

impl Control {
    /// Reads the layer versions that a request names.
    pub(crate) async fn choose_layers(&self, arns: &[String]) -> Result<Chosen, ServiceError> {
        let named = named(arns, &self.parts.region)?;
        let mut chosen = Chosen::default();
        for version in &named {
            let arn = version.arn();
            let stored = self.layer_version(version).await?;
            let stored = stored.ok_or_else(|| messages::no_such_layer_version(&arn))?;
            chosen.uses.push(LayerUse { arn, code: stored.value.code.clone() });
            chosen.versions.push(stored);
        }
        Ok(chosen)
    }
}

/// At most five, of this region, and no layer twice.
fn named(arns: &[String], region: &Region) -> Result<Vec<LayerVersionRef>, ServiceError> {
    if arns.len() > limits::LAYERS {
        return Err(messages::too_many_layers());
    }
    let mut named: Vec<LayerVersionRef> = Vec::new();
    for arn in arns {
        let version: LayerVersionRef = arn.parse().map_err(|_| messages::no_such_layer_version(arn))?;
        if version.layer.region != *region {
            return Err(messages::layers_of_other_region(region));
        }
        if let Some(other) = named.iter().find(|other| other.layer == version.layer) {
            return Err(messages::layer_twice(&other.arn(), &version.arn()));
        }
        named.push(version);
    }
    Ok(named)
}

/// A function's code and its layers together must not be larger than a package may be.
pub(crate) fn fits(code_unzipped: u64, layers: &[LayerUse]) -> Result<(), ServiceError> {
    let layers = layers.iter().fold(0, |sum: u64, layer| sum.saturating_add(layer.code.unzipped));
    let all = layers.saturating_add(code_unzipped);
    match limits::CODE_UNZIPPED_BYTES {
        limit if layers > limit => Err(messages::layers_too_large()),
        limit if all > limit => Err(messages::code_and_layers_too_large(all)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use store::records::CodeRecord;
    use types::limits::CODE_UNZIPPED_BYTES;

    fn uses(sizes: &[u64]) -> Vec<LayerUse> {
        let blob = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let code = |unzipped| CodeRecord { blob, sha256: String::new(), size: 1, unzipped };
        sizes.iter().map(|unzipped| LayerUse { arn: String::new(), code: code(*unzipped) }).collect()
    }

    /// Sizes around the limit, and such that their sum does not fit into a number.
    fn size() -> impl Strategy<Value = u64> {
        let around = |limit: u64| limit - 2..=limit + 2;
        prop_oneof![0..10u64, around(CODE_UNZIPPED_BYTES), around(CODE_UNZIPPED_BYTES / 2), Just(u64::MAX)]
    }

    proptest! {
        #[test]
        fn what_fits_is_no_larger_than_a_package(code in size(), layers in prop::collection::vec(size(), 0..=5)) {
            let sum = |sizes: &[u64]| sizes.iter().map(|size| u128::from(*size)).sum::<u128>();
            let (limit, of_layers) = (u128::from(CODE_UNZIPPED_BYTES), sum(&layers));
            let found = fits(code, &uses(&layers)).map_err(|error| error.message.into_owned());
            if of_layers > limit {
                prop_assert!(found.unwrap_err().starts_with("Layers consume more"));
            } else if of_layers + u128::from(code) > limit {
                prop_assert!(found.unwrap_err().starts_with("Function code combined with layers"));
            } else {
                prop_assert_eq!(found, Ok(()));
            }
        }

        #[test]
        fn a_list_names_five_different_layers_of_this_region_at_most(
            list in prop::collection::vec(("[abcdef]", 1..3u64, prop::bool::weighted(0.05)), 0..8)
        ) {
            let arn = |(name, number, elsewhere): &(String, u64, bool)| {
                let region = if *elsewhere { "eu-west-1" } else { "us-east-1" };
                format!("arn:aws:lambda:{region}:000000000000:layer:{name}:{number}")
            };
            let arns: Vec<String> = list.iter().map(arn).collect();
            let mut names: Vec<&String> = list.iter().map(|(name, ..)| name).collect();
            names.sort();
            names.dedup();
            let good = list.len() <= 5 && names.len() == list.len() && list.iter().all(|(.., elsewhere)| !elsewhere);
            let read = named(&arns, &Region::default());
            prop_assert_eq!(read.is_ok(), good);
            if let Ok(read) = read {
                prop_assert_eq!(read.iter().map(LayerVersionRef::arn).collect::<Vec<_>>(), arns);
            }
        }
    }
}
