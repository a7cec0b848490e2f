//! The way of an invocation through the data plane.

use crate::egress::EgressRules;
use crate::environments::lease::Lease;
use crate::environments::role::AssumeRole;
use crate::targets::catalog::Catalog;
use crate::targets::target::Target;
use crate::{messages, payload};
use api::{Invocation, InvocationType, Invoke, Invoked, LogType, PermittedInvocation, function_errors};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store::records::FunctionState;
use tokio::time::Instant;
use types::{BoxFuture, Clock, FunctionRef, Random, Region, RequestId, ServiceError, Version};
use worker::{Answer, LogTail, Outcome, Worker};

/// How long an invocation waits for a function that is being created.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Environments that may die under an invocation before it reaches one (idle ones can have died unnoticed), and changes
/// of the function under its cold start.
const TRIES: usize = 4;

/// What an operator may configure.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The region that this installation serves.
    pub region: Region,
    /// Concurrent invocations that an account may have.
    pub account_concurrency: u32,
    /// An environment that is older gets no further invocation.
    pub environment_age: Duration,
    /// What functions may reach.
    pub egress: EgressRules,
}

/// What the data plane works with.
pub struct DataPlaneParts {
    /// Where functions are kept.
    pub store: Arc<Store>,
    /// The host of environments.
    pub worker: Worker,
    /// Who hands out sessions of execution roles.
    pub roles: Arc<dyn AssumeRole>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The operator's settings.
    pub settings: Settings,
}

/// The data plane.
pub struct DataPlane {
    parts: DataPlaneParts,
    catalog: Catalog,
}

impl DataPlane {
    /// A data plane that hears of every change of what can be invoked.
    pub fn new(parts: DataPlaneParts) -> Arc<Self> {
        let concurrency = parts.settings.account_concurrency;
        let catalog = Catalog::new(&parts.store, concurrency, Arc::clone(&parts.random));
        Arc::new(Self { parts, catalog })
    }

    pub(crate) fn parts(&self) -> &DataPlaneParts {
        &self.parts
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Ends environments that were idle for `longest`.
    pub(crate) fn reap(&self, longest: Duration, now: Instant) {
        self.catalog.reap(longest, self.parts.settings.environment_age, now);
    }

    /// Lets go of every idle environment, and ends the worker: running invocations have `grace` to finish.
    pub async fn shutdown(&self, grace: Duration) {
        self.catalog.clear();
        self.parts.worker.shutdown(grace).await;
    }

    /// The version that is meant; waits a little for one that is being created.
    async fn target(&self, function: &FunctionRef) -> Result<Arc<Target>, ServiceError> {
        let here = &self.parts.settings.region;
        if function.region != *here {
            return Err(function_errors::other_region(function.region.as_str(), here.as_str()));
        }
        let mut deadline = None;
        loop {
            let found = self.catalog.find(function).await?;
            let target = found.ok_or_else(|| function_errors::not_found(&function.arn()))?;
            if target.state == FunctionState::Active {
                return Ok(target);
            }
            if Instant::now() >= *deadline.get_or_insert_with(|| Instant::now() + PATIENCE) {
                return Err(messages::pending());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn request_response(
        &self,
        invocation: Invocation,
        request_id: RequestId,
    ) -> Result<Invoked, ServiceError> {
        let function = &invocation.function;
        let mut target = self.target(function).await?;
        payload::check(&invocation.payload)?;
        let client_context = invocation.client_context.as_deref().map(payload::client_context).transpose()?;
        let asked = worker::Invocation {
            request_id,
            payload: invocation.payload,
            invoked_arn: function.arn(),
            trace_id: invocation.trace_id,
            client_context,
            cognito_identity: None,
            log_tail: if invocation.log == LogType::Tail { LogTail::Wanted } else { LogTail::Omitted },
        };
        let mut obstacle = "";
        for turn in 0..TRIES {
            if turn > 0 {
                target = self.target(function).await?;
            }
            let version = target.version;
            let Some(lease) = self.lease(target.clone()).await? else {
                obstacle = "the function's code package is missing from the store";
                continue;
            };
            match lease.invoke(asked.clone()).await {
                Some(outcome) if outcome.answer != Answer::NotDelivered => return invoked(outcome, version),
                _ => obstacle = "environments died one after the other before an invocation reached them",
            }
        }
        Err(messages::failed(obstacle))
    }

    /// The environment that was used last, or a new one; `None` where the version changed under a cold start. When the
    /// caller goes away, what was started is destroyed and the admission is given back.
    async fn lease(&self, target: Arc<Target>) -> Result<Option<Lease>, ServiceError> {
        let admission = self.catalog.loads.admit(&target.function).await?;
        let hosted = match target.pool.take(self.parts.settings.environment_age) {
            Some(idle) => Some(idle),
            None => self.start(&target).await?,
        };
        Ok(hosted.map(|hosted| Lease::new(hosted, target, admission)))
    }

    /// Only the version's existence is looked at; the permission was checked before.
    async fn dry_run(&self, function: &FunctionRef) -> Result<Invoked, ServiceError> {
        let executed_version = self.target(function).await?.version;
        Ok(Invoked {
            status: 204,
            executed_version,
            function_error: None,
            log_tail: None,
            payload: Bytes::new(),
        })
    }
}

impl Invoke for DataPlane {
    fn invoke(&self, request: PermittedInvocation) -> BoxFuture<'_, Result<Invoked, ServiceError>> {
        let PermittedInvocation { invocation, request_id, .. } = request;
        Box::pin(async move {
            match invocation.kind {
                InvocationType::RequestResponse => self.request_response(invocation, request_id).await,
                InvocationType::DryRun => self.dry_run(&invocation.function).await,
                InvocationType::Event => Err(messages::event_not_built()),
            }
        })
    }
}

fn invoked(outcome: Outcome, executed_version: Version) -> Result<Invoked, ServiceError> {
    let (payload, function_error) = match outcome.answer {
        Answer::Success { payload, .. } => (payload, None),
        Answer::FunctionError { payload, .. } => (payload, Some("Unhandled")),
        Answer::NotDelivered | Answer::Interrupted => {
            return Err(messages::failed("the platform stopped before the function had answered"));
        }
    };
    Ok(Invoked {
        status: 200,
        executed_version,
        function_error,
        log_tail: outcome.log_tail.map(|tail| STANDARD.encode(tail)),
        payload,
    })
}
