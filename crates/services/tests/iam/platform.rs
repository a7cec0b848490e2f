//! The service as it runs in the product: store, directory, cache of identities, pipeline, server.

use crate::client::{Answer, Client};
use api::{
    AuditTrail, Downloads, FetchDownload, Handlers, Identities, Invoke, Invoked, Limits, PermittedInvocation,
    Pipeline, PipelineParts, ResourcePolicies, Server,
};
use bytes::Bytes;
use seal::{RootKey, Sealer};
use services::iam::Iam;
use services::sts::Sts;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use types::{AccountId, BoxFuture, Clock, Random, Region, ServiceError, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp(1_795_500_000_123);
pub(crate) const ROOT_KEY: &str = "AKIAROOTROOTROOTROOT";
pub(crate) const ROOT_SECRET: &str = "root-secret-of-forty-characters-exactly.";
pub(crate) const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A policy that allows the action on everything.
pub(crate) fn allow(action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
    )
}

/// A policy that denies the action on the resource.
pub(crate) fn deny(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// A running service, and its owner as a client.
pub(crate) struct Platform {
    pub(crate) owner: Client,
    pub(crate) iam: Arc<Iam>,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<Still>,
    servers: Vec<JoinHandle<()>>,
    pub(crate) dir: TempDir,
}

/// Stands still unless a test moves it.
pub(crate) struct Still(AtomicI64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl Still {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_millis() as i64, Ordering::SeqCst);
    }
}

struct System;

impl Random for System {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(16) {
            chunk.copy_from_slice(&seal::random_bytes::<16>().unwrap()[..chunk.len()]);
        }
    }
}

struct Nothing;

impl Invoke for Nothing {
    fn invoke(&self, _: PermittedInvocation) -> BoxFuture<'_, Result<Invoked, ServiceError>> {
        Box::pin(async { Err(ServiceError::internal("ServiceException", "no data plane here")) })
    }
}

impl FetchDownload for Nothing {
    fn fetch<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, ServiceError>> {
        Box::pin(async { Ok(None) })
    }
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sealer = Arc::new(Sealer::new(RootKey::generate().unwrap()).unwrap());
        let store = Arc::new(Store::open(dir.path(), sealer).unwrap());
        let clock = Arc::new(Still(AtomicI64::new(NOW.millis())));
        let iam = Arc::new(Iam::new(Arc::clone(&store), clock.clone(), Arc::new(System)));
        iam.ensure_root_access_key(AccountId::FIRST, ROOT_KEY, ROOT_SECRET.into()).await.unwrap();
        let (address, server) = serve(&store, &iam, &clock).await;
        let secret = ROOT_SECRET.into();
        let access_key_id = ROOT_KEY.to_owned();
        let owner = Client { address, now: NOW, access_key_id, secret, token: None };
        Self { owner, iam, store, clock, servers: vec![server], dir }
    }

    /// The owner as a client of a second service over the same store, which knows nothing of the first.
    pub(crate) async fn second(&mut self) -> Client {
        let iam = Arc::new(Iam::new(Arc::clone(&self.store), self.clock.clone(), Arc::new(System)));
        let (address, server) = serve(&self.store, &iam, &self.clock).await;
        self.servers.push(server);
        Client { address, ..self.owner.clone() }
    }

    /// A new user with an access key, as a client.
    pub(crate) async fn user(&self, name: &str) -> Client {
        self.owner.ok("CreateUser", &[("UserName", name)]).await;
        let key = self.owner.ok("CreateAccessKey", &[("UserName", name)]).await;
        self.owner.with_key_of(&key)
    }

    /// A new user with an access key and an inline policy, as a client.
    pub(crate) async fn user_with(&self, name: &str, policy: &str) -> Client {
        let user = self.user(name).await;
        let put = [("UserName", name), ("PolicyName", "given"), ("PolicyDocument", policy)];
        self.owner.ok("PutUserPolicy", &put).await;
        user
    }

    pub(crate) async fn role(&self, name: &str) -> Answer {
        self.owner.ok("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)]).await
    }

    /// A managed policy; gives its ARN.
    pub(crate) async fn policy(&self, name: &str, document: &str) -> String {
        let create = [("PolicyName", name), ("PolicyDocument", document)];
        self.owner.ok("CreatePolicy", &create).await.text("Arn")
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

async fn serve(store: &Arc<Store>, iam: &Arc<Iam>, clock: &Arc<Still>) -> (SocketAddr, JoinHandle<()>) {
    let pipeline = Arc::new(Pipeline::new(parts(store, iam, clock)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits { connections: 64, grace: Duration::from_secs(1) };
    (address, tokio::spawn(Arc::new(Server::new(pipeline, limits)).run(listener, std::future::pending())))
}

fn parts(store: &Arc<Store>, iam: &Arc<Iam>, clock: &Arc<Still>) -> PipelineParts {
    let identities = Arc::new(Identities::new(Arc::clone(iam) as _));
    iam.keep_current(&identities);
    let (audit, writer) = AuditTrail::new(Arc::clone(store));
    tokio::spawn(writer);
    PipelineParts {
        handlers: Arc::new(Sts::new()).serve(iam.serve(Handlers::new())),
        invoke: Arc::new(Nothing),
        downloads: Arc::new(Downloads::new(&System, Region::default(), Arc::new(Nothing))),
        identities,
        policies: Arc::new(ResourcePolicies::new(Arc::clone(store), Region::default())),
        audit,
        clock: clock.clone(),
        random: Arc::new(System),
        region: Region::default(),
        body_budget_bytes: 16 << 20,
    }
}
