//! The API on listeners inside of environments.

use crate::client;
use crate::people::{ACCOUNT, NEIGHBOUR};
use crate::platform::Platform;
use crate::samples;
use api::{Inside, Limits};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use types::{EnvironmentId, Random};

/// How long is waited for what must not happen.
const A_WHILE: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);

/// A listener as it stands inside of an environment.
struct Environment {
    address: SocketAddr,
    served: Inside,
}

impl Environment {
    fn of(platform: &Platform, account: &str, id: u8) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = platform.front.serve_inside(listener, environment(id), account.parse().unwrap());
        Self { address, served }
    }

    /// Whether a call is answered soon, on a connection of its own.
    async fn answers(&self, platform: &Platform) -> bool {
        let call = samples::least("lambda", "ListFunctions");
        let request = call.signed(&self.address.to_string(), Some(&platform.root), platform.clock_now());
        match timeout(A_WHILE, client::send(self.address, request)).await {
            Ok(answer) => answer.unwrap().status == 200,
            Err(_) => false,
        }
    }

    /// So many connections that ask nothing, the last of which may be waiting.
    async fn connections(&self, count: usize) -> Vec<TcpStream> {
        let mut open = Vec::new();
        for _ in 0..count {
            open.push(TcpStream::connect(self.address).await.unwrap());
        }
        tokio::time::sleep(A_WHILE).await;
        open
    }
}

struct Always(u8);

impl Random for Always {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

fn environment(id: u8) -> EnvironmentId {
    EnvironmentId::generate(&Always(id))
}

async fn eventually_answers(environment: &Environment, platform: &Platform) -> bool {
    let soon = async { while !environment.answers(platform).await {} };
    timeout(LONG, soon).await.is_ok()
}

#[tokio::test]
async fn a_function_reaches_what_every_customer_reaches_and_needs_a_signature_too() {
    let platform = Platform::start().await;
    let inside = Environment::of(&platform, ACCOUNT, 7);
    let host = inside.address.to_string();
    let call = samples::least("lambda", "ListFunctions");
    let unsigned = call.signed(&host, None, platform.clock_now());
    let answer = client::send(inside.address, unsigned).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "MissingAuthenticationTokenException")
    );
    let bob = platform.people.user("bob", &[]);
    let denied = call.signed(&host, Some(&bob), platform.clock_now());
    assert!(client::send(inside.address, denied).await.unwrap().is_denied());
    assert!(eventually_answers(&inside, &platform).await);
    drop(inside);
    for record in platform.finish().await {
        assert_eq!(record.source_ip, format!("environment:{}", environment(7)));
    }
}

/// 127.0.0.1 inside is another than the host's.
#[tokio::test]
async fn a_policy_for_an_address_of_the_host_lets_no_function_in() {
    let platform = Platform::start().await;
    let policy = |operator: &str| {
        let condition = json!({ operator: { "aws:SourceIp": "127.0.0.0/8" } });
        let statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition });
        json!({ "Version": "2012-10-17", "Statement": statement }).to_string()
    };
    let near = platform.people.user("near", &[policy("IpAddress")]);
    let anywhere = platform.people.user("anywhere", &[policy("IpAddressIfExists")]);
    let inside = Environment::of(&platform, ACCOUNT, 1);
    let call = samples::least("lambda", "ListFunctions");
    assert_eq!(platform.call(&call, &near).await.status, 200);
    for (key, expected) in [(&near, 403), (&anywhere, 200)] {
        let request = call.signed(&inside.address.to_string(), Some(key), platform.clock_now());
        assert_eq!(client::send(inside.address, request).await.unwrap().status, expected);
    }
}

#[tokio::test]
async fn it_ends_with_the_environment() {
    let platform = Platform::start().await;
    let environment = Environment::of(&platform, ACCOUNT, 1);
    let mut idle = environment.connections(1).await;
    drop(environment.served);
    let mut end = Vec::new();
    // An end or a reset.
    let read = timeout(LONG, idle[0].read_to_end(&mut end)).await.unwrap();
    assert!(end.is_empty(), "{read:?}");
    let refused = async {
        while TcpStream::connect(environment.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, refused).await.unwrap();
}

#[tokio::test]
async fn an_environment_has_sixteen_connections() {
    let platform = Platform::start().await;
    let [one, two] = [1, 2].map(|id| Environment::of(&platform, ACCOUNT, id));
    let mut open = one.connections(16).await;
    assert!(!one.answers(&platform).await);
    assert!(eventually_answers(&two, &platform).await);
    open.pop();
    assert!(eventually_answers(&one, &platform).await);
}

#[tokio::test]
async fn an_account_leaves_others_and_clients_their_connections() {
    // Four inside, two of one account.
    let platform = Platform::with(Limits { connections: 8, grace: Duration::from_secs(5) }).await;
    let [one, two] = [1, 2].map(|id| Environment::of(&platform, ACCOUNT, id));
    let other = Environment::of(&platform, NEIGHBOUR, 3);
    let open = one.connections(3).await;
    assert!(!two.answers(&platform).await, "its account has no more");
    assert!(eventually_answers(&other, &platform).await);

    let others = other.connections(2).await;
    let third = Environment::of(&platform, "333333333333", 4);
    assert!(!third.answers(&platform).await, "there are no more inside");
    let call = samples::least("lambda", "ListFunctions");
    assert_eq!(platform.call(&call, &platform.root).await.status, 200, "clients have theirs");

    drop(one);
    assert!(eventually_answers(&two, &platform).await);
    drop((open, others));
    assert!(eventually_answers(&third, &platform).await);
}
