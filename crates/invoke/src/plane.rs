//! The way of an invocation through the data plane.

use crate::admission::Accounts;
use crate::functions::Functions;
use crate::lease::Lease;
use crate::pool::{Pool, Pools};
use crate::{messages, payload, spec};
use api::{Invocation, InvocationType, Invoke, Invoked, LogType, PermittedInvocation, function_errors};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use store::records::{FunctionRecord, FunctionState};
use store::{Key, Record, Store};
use tokio::time::Instant;
use types::{
    AccountId, BoxFuture, Clock, FunctionRef, Qualifier, Random, Region, RequestId, ServiceError, Version,
};
use worker::{Answer, CodeError, Environment, LogTail, Outcome, Phase, StartError, Worker};

/// How long an invocation waits for a function that is being created.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How long a cold start waits for environments that are ending, where the worker is full.
const ROOM_PATIENCE: Duration = Duration::from_secs(1);
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
}

/// What the data plane works with.
pub struct DataPlaneParts {
    /// Where functions are kept.
    pub store: Arc<Store>,
    /// The host of environments.
    pub worker: Worker,
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
    functions: Functions,
    pools: Arc<Pools>,
    accounts: Accounts,
}

impl DataPlane {
    /// A data plane that hears of every change of a function.
    pub fn new(parts: DataPlaneParts) -> Arc<Self> {
        let functions = Functions::new(Arc::clone(&parts.store));
        let pools = Arc::new(Pools::new());
        let retiring = Arc::clone(&pools);
        parts.store.subscribe(FunctionRecord::TABLE, move |change| retiring.retire(&change.key));
        let accounts = Accounts::new(parts.settings.account_concurrency);
        Arc::new(Self { parts, functions, pools, accounts })
    }

    /// Ends environments that were idle for `longest`.
    pub(crate) fn reap(&self, longest: Duration, now: Instant) {
        self.pools.reap(longest, now);
    }

    /// Lets go of every idle environment, and ends the worker: running invocations have `grace` to finish.
    pub async fn shutdown(&self, grace: Duration) {
        self.pools.clear();
        self.parts.worker.shutdown(grace).await;
    }

    /// The version that is meant; waits a little for one that is being created.
    async fn version(&self, key: &Key, function: &FunctionRef) -> Result<Arc<FunctionRecord>, ServiceError> {
        let built = matches!(function.qualifier, None | Some(Qualifier::Version(Version::Latest)));
        let here = &self.parts.settings.region;
        if function.region != *here {
            return Err(function_errors::other_region(function.region.as_str(), here.as_str()));
        }
        if !built {
            return Err(function_errors::not_found(&function.arn()));
        }
        let mut deadline = None;
        loop {
            let found = self.functions.find(key).await?;
            let record = found.ok_or_else(|| function_errors::not_found(&function.arn()))?;
            if record.state == FunctionState::Active {
                return Ok(record);
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
        let key = place(function)?;
        self.version(&key, function).await?;
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
        let pool = self.pools.of(&key);
        let mut obstacle = "";
        for _ in 0..TRIES {
            let Some(lease) = self.lease(&key, function, &pool).await? else {
                obstacle = "the function's code package is missing from the store";
                continue;
            };
            match lease.invoke(asked.clone()).await {
                Some(outcome) if outcome.answer != Answer::NotDelivered => return invoked(outcome),
                _ => obstacle = "environments died one after the other before an invocation reached them",
            }
        }
        Err(messages::failed(obstacle))
    }

    /// The environment that was used last, or a new one; `None` where the function changed under a cold start. When the
    /// caller goes away, what was started is destroyed and the admission is given back.
    async fn lease(
        &self,
        key: &Key,
        function: &FunctionRef,
        pool: &Arc<Pool>,
    ) -> Result<Option<Lease>, ServiceError> {
        let age = pool.age();
        let record = self.version(key, function).await?;
        let admission = self.accounts.admit(record.account, &pool.running, None)?;
        let environment = match pool.take(record.revision) {
            Some(idle) => Some(idle),
            None => self.start(&record).await?,
        };
        let revision = record.revision;
        Ok(environment.map(|environment| Lease::new(environment, revision, Arc::clone(pool), age, admission)))
    }

    /// A cold start; `None` where the code is gone because the function has just changed.
    async fn start(&self, record: &FunctionRecord) -> Result<Option<Environment>, ServiceError> {
        let DataPlaneParts { worker, clock, random, settings, .. } = &self.parts;
        let deadline = Instant::now() + ROOM_PATIENCE;
        loop {
            let spec = spec::environment(record, &settings.region, &**random, clock.now())?;
            match worker.start(spec).await {
                Ok(environment) => return Ok(Some(environment)),
                Err(StartError::Code(CodeError::Gone)) => return Ok(None),
                Err(StartError::Full { .. } | StartError::Committed { .. }) => {
                    self.make_room(record.account, deadline).await?;
                }
                // The share of an account in the staging area is its own: what others have at hand stays.
                Err(error @ StartError::StagingFull { .. }) => {
                    match self.pools.take_oldest(Some(record.account)) {
                        Some(oldest) => oldest.shutdown().await,
                        None => return Err(messages::failed(error)),
                    }
                }
                Err(StartError::UnknownRuntime(runtime)) => {
                    return Err(messages::runtime_missing(runtime.as_str()));
                }
                Err(error) => return Err(messages::failed(error)),
            }
        }
    }

    /// Where the worker is full, the environment that was idle for the longest time makes room, one of the caller's own
    /// account before others', or one that is ending.
    async fn make_room(&self, account: AccountId, deadline: Instant) -> Result<(), ServiceError> {
        let own = self.pools.take_oldest(Some(account));
        if let Some(oldest) = own.or_else(|| self.pools.take_oldest(None)) {
            oldest.shutdown().await;
            return Ok(());
        }
        let ending = self.parts.worker.live().iter().any(|live| live.phase == Phase::Ended);
        if ending && Instant::now() < deadline {
            tokio::time::sleep(LOOK_AGAIN).await;
            return Ok(());
        }
        Err(messages::too_many_requests(messages::ACCOUNT_LIMIT))
    }

    /// Only the function's existence is looked at; the permission was checked before.
    async fn dry_run(&self, function: &FunctionRef) -> Result<Invoked, ServiceError> {
        self.version(&place(function)?, function).await?;
        Ok(Invoked {
            status: 204,
            executed_version: Version::Latest.to_string(),
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

fn place(function: &FunctionRef) -> Result<Key, ServiceError> {
    FunctionRecord::place(function.account, &function.name).map_err(messages::failed)
}

fn invoked(outcome: Outcome) -> Result<Invoked, ServiceError> {
    let (payload, function_error) = match outcome.answer {
        Answer::Success { payload, .. } => (payload, None),
        Answer::FunctionError { payload, .. } => (payload, Some("Unhandled")),
        Answer::NotDelivered | Answer::Interrupted => {
            return Err(messages::failed("the platform stopped before the function had answered"));
        }
    };
    Ok(Invoked {
        status: 200,
        executed_version: Version::Latest.to_string(),
        function_error,
        log_tail: outcome.log_tail.map(|tail| STANDARD.encode(tail)),
        payload,
    })
}
