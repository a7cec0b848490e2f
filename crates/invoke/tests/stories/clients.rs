//! Clients that go away, at every point of a call, and clients that take their time: over real sockets.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::programs::{self, Latch};
use testkit::{Platform, Reply, Setup};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A platform on which one invocation may run, with a function that waits and one that doesn't.
async fn narrow(latch: &Latch) -> Platform {
    let platform = Platform::with(Setup { account_concurrency: 1, ..Setup::default() }).await;
    platform.deploy("held", latch.program()).await;
    platform.deploy("echo", programs::echo()).await;
    platform
}

/// A connection that has sent the head of an invocation and this part of its body.
async fn begun(platform: &Platform, function: &str, body: &str, sent: usize) -> TcpStream {
    let target = format!("/2015-03-31/functions/{function}/invocations");
    let (address, head, body) = platform.client.raw(&Method::POST, &target, Bytes::from(body.to_owned()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&head).await.unwrap();
    stream.write_all(&body[..sent]).await.unwrap();
    stream
}

async fn soon() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Invokes until it is not refused any more.
async fn once_there_is_room(platform: &Platform, function: &str) -> Reply {
    for _ in 0..5000 {
        let reply = platform.invoke(function, json!({})).await;
        if reply.status.as_u16() != 429 {
            return reply.ok();
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("an invocation counts still");
}

#[tokio::test]
async fn a_request_that_never_came_whole_leaves_nothing() {
    let platform = narrow(&Latch::default()).await;
    let body = json!({"text": "x".repeat(100_000)}).to_string();
    for sent in [0, 1, 50_000, body.len() - 1] {
        let stream = begun(&platform, "held", &body, sent).await;
        soon().await;
        // It holds nothing either while its client takes its time.
        platform.invoke("echo", json!({})).await.ok();
        drop(stream);
    }
    soon().await;
    assert_eq!(platform.simulation.started(), 1, "of the function that was invoked");
}

#[tokio::test]
async fn a_client_that_goes_while_its_environment_starts_leaves_nothing() {
    let latch = Latch::default();
    let platform = narrow(&latch).await;
    platform.gates.close("held");
    let stream = begun(&platform, "held", "{}", 2).await;
    while platform.gates.waiting() == 0 {
        soon().await;
    }
    assert_eq!(platform.invoke("echo", json!({})).await.status.as_u16(), 429, "it counts");
    drop(stream);
    once_there_is_room(&platform, "echo").await;
    platform.gates.open("held");
    platform.alive(1).await;
    assert_eq!(latch.inside(), 0, "it was never invoked");
}

#[tokio::test]
async fn what_runs_goes_on_to_its_end_and_counts_until_then() {
    let latch = Latch::default();
    let platform = narrow(&latch).await;
    let stream = begun(&platform, "held", "{}", 2).await;
    latch.reached(1).await;
    drop(stream);
    soon().await;
    assert_eq!(platform.invoke("echo", json!({})).await.status.as_u16(), 429);
    assert_eq!(latch.inside(), 1);
    latch.open();
    once_there_is_room(&platform, "echo").await;
    once_there_is_room(&platform, "held").await;
    assert_eq!(platform.simulation.started(), 2, "its environment was used again");
}

#[tokio::test]
async fn a_client_that_only_stops_sending_still_gets_its_answer_or_its_end() {
    let latch = Latch::default();
    let platform = narrow(&latch).await;
    let mut stream = begun(&platform, "held", "{}", 2).await;
    latch.reached(1).await;
    stream.shutdown().await.unwrap();
    latch.open();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    once_there_is_room(&platform, "held").await;
    assert_eq!(platform.simulation.started(), 1);
}

#[tokio::test]
async fn an_answer_that_is_not_read_holds_neither_the_environment_nor_the_admission() {
    let platform = narrow(&Latch::default()).await;
    platform.deploy("large", programs::answer_of(6_000_000)).await;
    let mut readers = Vec::new();
    for _ in 0..5 {
        let mut stream = begun(&platform, "large", "{}", 2).await;
        let mut first = [0; 1000];
        stream.read_exact(&mut first).await.unwrap();
        assert!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
        readers.push(stream);
    }
    platform.invoke("echo", json!({})).await.ok();
    drop(readers);
    assert_eq!(platform.invoke("large", Value::Null).await.ok().body.len(), 6_000_000);
    assert_eq!(platform.simulation.started(), 2);
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_its_answer() {
    let platform = narrow(&Latch::default()).await;
    platform.deploy("large", programs::answer_of(6_000_000)).await;
    let mut stream = begun(&platform, "large", "{}", 2).await;
    let (mut total, mut space) = (0, vec![0; 200_000]);
    while total < 6_000_000 {
        total += stream.read(&mut space).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
