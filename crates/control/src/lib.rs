//! The control plane of Lambda: what creates, changes, shows and removes functions. One file per operation.
//!
//! Invariant: it never runs a function and never talks to the data plane. Both meet in `store`.

mod account;
mod aliases;
pub mod background;
mod commit;
mod concurrency;
mod functions;
mod lambda_time;
mod layers;
mod marker;
mod messages;
mod page;
mod permissions;
mod scan;
mod tags;
mod usage;
mod versions;

use auth::Directory;
use std::sync::Arc;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use types::{Clock, Random, Region, RuntimeName};

pub use functions::CodeDownloads;

/// What the control plane works with.
pub struct ControlParts {
    /// Where functions are kept.
    pub store: Arc<Store>,
    /// Roles.
    pub directory: Arc<dyn Directory>,
    /// Links to code packages.
    pub downloads: Arc<api::Downloads>,
    /// The runtimes that are installed, in the order in which messages name them.
    pub runtimes: Vec<RuntimeName>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The region that this installation serves.
    pub region: Region,
    /// Concurrent invocations that an account may have.
    pub account_concurrency: u32,
    /// The largest /tmp that a function may ask for, in MB.
    pub max_ephemeral_storage_mb: u32,
}

/// Code packages that are checked and stored at the same time; others wait. Bounds memory (each has up to 50 MB) and
/// processor time, and with it what a client can leave behind that goes away.
const PACKAGES_AT_ONCE: usize = 4;

/// The control plane. Clones are the same one.
#[derive(Clone)]
pub struct Control {
    parts: Arc<ControlParts>,
    usage: Arc<usage::Usage>,
    packages: Arc<Semaphore>,
    garbage: background::Garbage,
}

impl Control {
    /// A control plane over these parts; it counts what the accounts use.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn open(parts: ControlParts) -> Result<Arc<Self>, StoreError> {
        let usage = Arc::new(usage::Usage::count(&parts.store).await?);
        let packages = Arc::new(Semaphore::new(PACKAGES_AT_ONCE));
        let garbage = background::Garbage::default();
        Ok(Arc::new(Self { parts: Arc::new(parts), usage, packages, garbage }))
    }

    /// The worker that frees the space of code that nothing refers to any more.
    pub fn collector(&self) -> background::Collector {
        background::Collector::new(&self.parts.store, Arc::clone(&self.usage), self.garbage.clone())
    }

    /// Adds the control plane's operations to `handlers`.
    #[must_use]
    pub fn serve(self: &Arc<Self>, handlers: api::Handlers) -> api::Handlers {
        use api::lambda;
        handlers
            .on::<lambda::CreateFunction, _>(self)
            .on::<lambda::GetFunction, _>(self)
            .on::<lambda::GetFunctionConfiguration, _>(self)
            .on::<lambda::ListFunctions, _>(self)
            .on::<lambda::UpdateFunctionCode, _>(self)
            .on::<lambda::UpdateFunctionConfiguration, _>(self)
            .on::<lambda::DeleteFunction, _>(self)
            .on::<lambda::GetAccountSettings, _>(self)
            .on::<lambda::GetFunctionCodeSigningConfig, _>(self)
            .on::<lambda::AddPermission, _>(self)
            .on::<lambda::RemovePermission, _>(self)
            .on::<lambda::GetPolicy, _>(self)
            .on::<lambda::PublishLayerVersion, _>(self)
            .on::<lambda::GetLayerVersion, _>(self)
            .on::<lambda::GetLayerVersionByArn, _>(self)
            .on::<lambda::ListLayers, _>(self)
            .on::<lambda::ListLayerVersions, _>(self)
            .on::<lambda::DeleteLayerVersion, _>(self)
            .on::<lambda::PutFunctionConcurrency, _>(self)
            .on::<lambda::GetFunctionConcurrency, _>(self)
            .on::<lambda::DeleteFunctionConcurrency, _>(self)
            .on::<lambda::TagResource, _>(self)
            .on::<lambda::UntagResource, _>(self)
            .on::<lambda::ListTags, _>(self)
            .on::<lambda::PublishVersion, _>(self)
            .on::<lambda::ListVersionsByFunction, _>(self)
            .on::<lambda::CreateAlias, _>(self)
            .on::<lambda::GetAlias, _>(self)
            .on::<lambda::UpdateAlias, _>(self)
            .on::<lambda::DeleteAlias, _>(self)
            .on::<lambda::ListAliases, _>(self)
            .on::<lambda::AddLayerVersionPermission, _>(self)
            .on::<lambda::RemoveLayerVersionPermission, _>(self)
            .on::<lambda::GetLayerVersionPolicy, _>(self)
    }
}
