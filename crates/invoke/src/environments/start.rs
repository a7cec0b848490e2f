//! Cold starts: a new environment, and room for it.
//!
//! Invariant: when this fails or its caller goes away, nothing of the environment is left.

use crate::DataPlane;
use crate::environments::hosted::Hosted;
use crate::environments::spec;
use crate::messages;
use crate::targets::target::Target;
use std::time::Duration;
use tokio::time::Instant;
use types::{AccountId, ServiceError};
use worker::{CodeError, IsolationError, Phase, StartError};

/// How often a full worker is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How long a cold start waits for environments that are ending, where the worker is full.
const ROOM_PATIENCE: Duration = Duration::from_secs(1);

impl DataPlane {
    /// A cold start; `None` where the code is gone because the version has just changed.
    pub(crate) async fn start(&self, target: &Target) -> Result<Option<Hosted>, ServiceError> {
        let parts = self.parts();
        let deadline = Instant::now() + ROOM_PATIENCE;
        let begun = Instant::now();
        let session = parts.roles.assume(&target.configuration.role, target.name.as_str()).await?;
        loop {
            let (settings, now) = (&parts.settings, parts.clock.now());
            let spec = spec::environment(target, session.credentials(), settings, &*parts.random, now)?;
            match parts.worker.start(spec).await {
                Ok(environment) => return Ok(Some(Hosted::new(environment, begun, session))),
                Err(StartError::Code(CodeError::Gone)) => return Ok(None),
                Err(error) => self.overcome(error, target.account, deadline).await?,
            }
        }
    }

    /// Removes what stood in the way, so that another try makes sense.
    async fn overcome(
        &self,
        error: StartError,
        account: AccountId,
        deadline: Instant,
    ) -> Result<(), ServiceError> {
        match error {
            StartError::Full { .. } | StartError::Committed { .. } => {
                self.make_room_of_any(account, deadline).await
            }
            // The configuration should have kept it from coming to this, so that the operator learns of it.
            StartError::Isolation(IsolationError::Full(why)) => {
                let made = self.make_room_of_any(account, deadline).await;
                made.map_err(|error| ServiceError { operator: Some(why.to_string()), ..error })
            }
            // What an account may have is its own too: others' environments don't help it.
            StartError::AccountFull { .. } => self.make_room_of_own(account, deadline).await,
            // So is its share of the staging area. What runs holds the room, and gives it back; code that finds none in an
            // empty share never will.
            StartError::StagingFull { .. } if self.parts().worker.has_any_of(account) => {
                self.make_room_of_own(account, deadline).await
            }
            StartError::UnknownRuntime(runtime) => Err(messages::runtime_missing(runtime.as_str())),
            error => Err(messages::failed(error)),
        }
    }

    /// One of the caller's own account goes before others'.
    async fn make_room_of_any(&self, account: AccountId, deadline: Instant) -> Result<(), ServiceError> {
        let idle = self.catalog().take_oldest(Some(account));
        let idle = idle.or_else(|| self.catalog().take_oldest(None));
        self.make_room(idle, |_| true, deadline).await
    }

    async fn make_room_of_own(&self, account: AccountId, deadline: Instant) -> Result<(), ServiceError> {
        let idle = self.catalog().take_oldest(Some(account));
        self.make_room(idle, |owner| owner == account, deadline).await
    }

    /// The environment that was idle for the longest time makes room, or one that is ending. Where there is neither, the
    /// answer is the service's for an account that runs as much as it may: that of a client is the same too, to try again.
    async fn make_room(
        &self,
        idle: Option<Hosted>,
        counts: impl Fn(AccountId) -> bool,
        deadline: Instant,
    ) -> Result<(), ServiceError> {
        if let Some(oldest) = idle {
            oldest.shutdown().await;
            return Ok(());
        }
        let live = self.parts().worker.live();
        let ending = live.iter().any(|live| live.phase == Phase::Ended && counts(live.spec.account));
        if ending && Instant::now() < deadline {
            tokio::time::sleep(LOOK_AGAIN).await;
            return Ok(());
        }
        Err(messages::too_many_requests(messages::ACCOUNT_LIMIT))
    }
}
