//! Handlers that do what a test tells them to.

use crate::samples;
use api::{Handle, Handlers, Invocation, Invoke, Invoked, PermittedInvocation, Request};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use store::{Store, Transaction};
use tokio::sync::Notify;
use types::{BoxFuture, ServiceError};
use wire::{Field, Typed};

/// What handlers do.
#[derive(Clone, Default)]
pub(crate) enum Behaviour {
    /// Answer with the least that the model allows.
    #[default]
    Answer,
    /// Commit the audit record, as a mutation does, and answer.
    Commit,
    /// Put the record into a transaction that is never committed, and fail.
    Lose,
    /// Fail.
    Fail(ServiceError),
    Panic,
    /// Wait until the test says so.
    Wait,
}

/// One handler for everything, the data plane included.
pub(crate) struct Desk {
    store: Arc<Store>,
    pub(crate) behaviour: Mutex<Behaviour>,
    /// Operations that reached their handler.
    pub(crate) called: Mutex<Vec<&'static str>>,
    pub(crate) invocations: Mutex<Vec<Invocation>>,
    pub(crate) answer: Mutex<Invoked>,
    /// Somebody waits in a handler.
    pub(crate) started: Notify,
    /// Whoever waits may go on.
    pub(crate) go_on: Notify,
    /// Handlers that were dropped while they waited.
    pub(crate) dropped: AtomicUsize,
}

struct Waiting<'d>(&'d AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Desk {
    pub(crate) fn new(store: Arc<Store>) -> Arc<Self> {
        let answer = Invoked {
            status: 200,
            executed_version: types::Version::Latest,
            function_error: None,
            log_tail: None,
            payload: "{}".into(),
        };
        Arc::new(Self {
            store,
            behaviour: Mutex::default(),
            called: Mutex::default(),
            invocations: Mutex::default(),
            answer: Mutex::new(answer),
            started: Notify::new(),
            go_on: Notify::new(),
            dropped: AtomicUsize::new(0),
        })
    }

    pub(crate) fn will(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub(crate) fn called(&self) -> Vec<&'static str> {
        self.called.lock().unwrap().clone()
    }

    async fn behave(&self, audit: Option<&api::AuditEntry>) -> Result<(), ServiceError> {
        let behaviour = self.behaviour.lock().unwrap().clone();
        let mut transaction = Transaction::new();
        match (behaviour, audit) {
            (Behaviour::Commit, Some(audit)) => {
                audit.succeed_in(&mut transaction);
                self.store.commit(transaction).await.unwrap();
            }
            (Behaviour::Lose, Some(audit)) => {
                audit.succeed_in(&mut transaction);
                return Err(ServiceError::caller("ResourceConflictException", 409, "Somebody was faster."));
            }
            (Behaviour::Fail(error), _) => return Err(error),
            (Behaviour::Panic, _) => panic!("the test wants it"),
            (Behaviour::Wait, _) => {
                let waiting = Waiting(&self.dropped);
                self.started.notify_one();
                self.go_on.notified().await;
                std::mem::forget(waiting);
            }
            _ => {}
        }
        Ok(())
    }
}

impl<O: Typed> Handle<O> for Desk {
    async fn handle(&self, request: Request<O::Input>) -> Result<O::Output, ServiceError> {
        self.called.lock().unwrap().push(O::OPERATION.name);
        assert!(
            request.permit.action().starts_with(O::OPERATION.service.name),
            "{}",
            request.permit.action()
        );
        self.behave(Some(&request.audit)).await?;
        Ok(O::Output::from_value(samples::output(O::OPERATION)).unwrap())
    }
}

impl Invoke for Desk {
    fn invoke(&self, request: PermittedInvocation) -> BoxFuture<'_, Result<Invoked, ServiceError>> {
        Box::pin(async move {
            self.called.lock().unwrap().push("Invoke");
            assert_eq!(request.permit.action(), "lambda:InvokeFunction");
            self.invocations.lock().unwrap().push(request.invocation);
            self.behave(None).await?;
            Ok(self.answer.lock().unwrap().clone())
        })
    }
}

macro_rules! on {
    ($handlers:expr, $desk:expr; $($service:ident: $($operation:ident)*;)*) => {
        $handlers$($(.on::<api::$service::$operation, _>($desk))*)*
    };
}

/// All built operations. One that is missing here fails the tests.
pub(crate) fn all(desk: &Arc<Desk>) -> Handlers {
    let handlers = on! { Handlers::new(), desk;
        lambda: CreateFunction GetFunction GetFunctionConfiguration ListFunctions UpdateFunctionCode
            UpdateFunctionConfiguration DeleteFunction GetAccountSettings
            PublishVersion ListVersionsByFunction CreateAlias GetAlias UpdateAlias DeleteAlias ListAliases
            AddPermission RemovePermission GetPolicy
            PublishLayerVersion GetLayerVersion GetLayerVersionByArn ListLayers ListLayerVersions DeleteLayerVersion
            PutFunctionConcurrency GetFunctionConcurrency
            DeleteFunctionConcurrency TagResource UntagResource ListTags
            AddLayerVersionPermission RemoveLayerVersionPermission GetLayerVersionPolicy
            GetFunctionCodeSigningConfig;
        sts: GetCallerIdentity;
        iam: CreateRole GetRole ListRoles DeleteRole CreateUser GetUser ListUsers DeleteUser CreateAccessKey
            ListAccessKeys DeleteAccessKey CreatePolicy GetPolicy GetPolicyVersion ListPolicies DeletePolicy
            PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies PutUserPolicy GetUserPolicy
            DeleteUserPolicy ListUserPolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
            AttachUserPolicy DetachUserPolicy ListAttachedUserPolicies;
        logs: GetLogEvents FilterLogEvents DescribeLogGroups DescribeLogStreams;
        sqs: CreateQueue GetQueueUrl ListQueues GetQueueAttributes SetQueueAttributes DeleteQueue TagQueue UntagQueue
            ListQueueTags AddPermission RemovePermission ListDeadLetterSourceQueues PurgeQueue
            SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch ChangeMessageVisibility
            ChangeMessageVisibilityBatch;
    };
    assert_eq!(handlers.missing(), Vec::<String>::new());
    handlers
}
