//! Connections: many, slow, broken, panicking, and the end of a server.

use crate::client::{self, Call};
use crate::handlers::Behaviour;
use crate::people::Key;
use crate::platform::Platform;
use crate::samples;
use api::Limits;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest wait for what comes at once on an idle machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client that has sent all but the last byte of a body.
pub(crate) struct Slow {
    stream: TcpStream,
    last: u8,
}

impl Slow {
    pub(crate) async fn begin(platform: &Platform, call: &Call, key: &Key) -> Self {
        let mut stream = TcpStream::connect(platform.address).await.unwrap();
        let mut bytes = head(platform, call, key).into_bytes();
        bytes.extend_from_slice(&call.body);
        let last = bytes.pop().unwrap();
        stream.write_all(&bytes).await.unwrap();
        while platform.people.lookups.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self { stream, last }
    }

    pub(crate) async fn finish(&mut self) -> String {
        self.stream.write_all(&[self.last]).await.unwrap();
        answer(&mut self.stream).await
    }
}

/// The head of a signed request as bytes on the wire.
pub(crate) fn head(platform: &Platform, call: &Call, key: &Key) -> String {
    let request = call.signed(&platform.host(), Some(key), platform.clock_now());
    let mut head =
        format!("{} {} HTTP/1.1\r\ncontent-length: {}\r\n", call.method, call.target, call.body.len());
    for (name, value) in request.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    head + "\r\n"
}

/// What comes back in the first pieces.
pub(crate) async fn answer(stream: &mut TcpStream) -> String {
    let mut text = vec![0; 64 << 10];
    let count = timeout(PATIENCE, stream.read(&mut text)).await.unwrap().unwrap_or(0);
    String::from_utf8_lossy(&text[..count]).into_owned()
}

#[tokio::test]
async fn two_hundred_connections_at_once_are_all_answered() {
    let platform = Arc::new(Platform::start().await);
    let call = samples::least("lambda", "Invoke").body("{}");
    let clients: Vec<_> = (0..200)
        .map(|_| {
            let (platform, call) = (Arc::clone(&platform), call.clone());
            tokio::spawn(async move { platform.call(&call, &platform.root).await.status })
        })
        .collect();
    for client in clients {
        assert_eq!(client.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_its_turn() {
    let platform = Platform::with(Limits { connections: 1, grace: Duration::from_secs(5) }).await;
    let first = TcpStream::connect(platform.address).await.unwrap();
    let call = samples::least("lambda", "ListFunctions");
    assert!(timeout(Duration::from_millis(200), platform.call(&call, &platform.root)).await.is_err());
    drop(first);
    assert_eq!(platform.call(&call, &platform.root).await.status, 200);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let platform = Platform::start().await;
    let stream = TcpStream::connect(platform.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for name in ["ListFunctions", "GetFunction", "Invoke"] {
        let request = samples::least("lambda", name).signed(
            &platform.host(),
            Some(&platform.root),
            platform.clock_now(),
        );
        let answer = client::read(sender.send_request(request).await.unwrap()).await.unwrap();
        assert_eq!(answer.status, 200, "{name}");
    }
}

#[tokio::test]
async fn http_1_0_is_answered() {
    let platform = Platform::start().await;
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    stream.write_all(b"GET /2015-03-31/functions HTTP/1.0\r\n\r\n").await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.0 403"), "{answer}");
    assert!(answer.contains("MissingAuthenticationTokenException"), "{answer}");
}

#[tokio::test]
async fn a_client_that_asks_for_leave_to_send_gets_it_only_with_a_known_key() {
    let platform = Platform::start().await;
    let call = samples::least("lambda", "Invoke").body("{}");
    let expecting =
        |key: &Key| head(&platform, &call, key).replacen("\r\n", "\r\nexpect: 100-continue\r\n", 1);
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    stream.write_all(expecting(&platform.root).as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 100 Continue\r\n"));
    stream.write_all(b"{}").await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    stream.write_all(expecting(&Key::new("AKIANOBODY")).as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn garbage_and_header_bombs_end_their_connection_only() {
    let platform = Platform::start().await;
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200));
    let large = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "x".repeat(100_000));
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    let smuggled = "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned();
    for bomb in ["\0\0\0\r\n\r\n".to_owned(), many, large, long, smuggled] {
        let mut stream = TcpStream::connect(platform.address).await.unwrap();
        // The server may close before it has read everything.
        drop(stream.write_all(bomb.as_bytes()).await);
        let text = answer(&mut stream).await;
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");
    }
    assert_eq!(platform.call(&samples::least("lambda", "ListFunctions"), &platform.root).await.status, 200);
    assert_eq!(platform.finish().await.len(), 1);
}

#[tokio::test]
async fn a_panic_is_an_error_in_the_services_form_and_the_connection_lives_on() {
    let platform = Platform::start().await;
    platform.desk.will(Behaviour::Panic);
    for (service, name, code) in [
        ("lambda", "ListFunctions", "ServiceException"),
        ("lambda", "Invoke", "ServiceException"),
        ("iam", "ListUsers", "ServiceFailure"),
        ("logs", "DescribeLogGroups", "ServiceUnavailableException"),
    ] {
        let answer = platform.call(&samples::least(service, name), &platform.root).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (500, code), "{}", answer.text());
        assert_eq!(answer.message(), "An internal error occurred.");
    }
    let records = platform.finish().await;
    let names: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["ListFunctions", "Invoke", "ListUsers", "DescribeLogGroups"]);
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_handler_with_it_and_leaves_a_record() {
    let platform = Platform::start().await;
    platform.desk.will(Behaviour::Wait);
    let call = samples::least("lambda", "DeleteFunction");
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    stream.write_all(head(&platform, &call, &platform.root).as_bytes()).await.unwrap();
    platform.desk.started.notified().await;
    drop(stream);
    let gone = async {
        while platform.desk.dropped.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(PATIENCE, gone).await.unwrap();
    let records = platform.finish().await;
    assert_eq!(records.len(), 1);
    assert!(format!("{:?}", records[0].outcome).contains("ClientDisconnected"), "{records:?}");
}

#[tokio::test]
async fn a_stop_finishes_running_requests_and_does_not_wait_for_idle_connections() {
    let platform = Platform::with(Limits { connections: 10, grace: 2 * PATIENCE }).await;
    platform.desk.will(Behaviour::Wait);
    let mut idle = TcpStream::connect(platform.address).await.unwrap();
    let get = samples::least("lambda", "GetFunction");
    let list = samples::least("lambda", "ListFunctions").signed("h", None, platform.clock_now());
    let stream = TcpStream::connect(platform.address).await.unwrap();
    let (mut kept_alive, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    client::read(kept_alive.send_request(list).await.unwrap()).await.unwrap();
    let request = get.signed(&platform.host(), Some(&platform.root), platform.clock_now());
    let running = tokio::spawn(client::send(platform.address, request));
    platform.desk.started.notified().await;
    let (desk, address) = (Arc::clone(&platform.desk), platform.address);
    let begun = Instant::now();
    let stopping = tokio::spawn(platform.finish());
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    desk.go_on.notify_one();
    drop(desk);
    assert_eq!(running.await.unwrap().unwrap().status, 200);
    assert_eq!(stopping.await.unwrap().len(), 1);
    assert!(begun.elapsed() < PATIENCE, "idle connections are not waited for");
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn what_is_not_answered_within_the_grace_is_ended() {
    let platform = Platform::with(Limits { connections: 10, grace: Duration::from_millis(100) }).await;
    platform.desk.will(Behaviour::Wait);
    let request = samples::least("lambda", "GetFunction").signed(
        &platform.host(),
        Some(&platform.root),
        platform.clock_now(),
    );
    let running = tokio::spawn(client::send(platform.address, request));
    platform.desk.started.notified().await;
    let desk = Arc::clone(&platform.desk);
    assert_eq!(platform.finish().await.len(), 1);
    assert!(running.await.unwrap().is_err());
    assert_eq!(desk.dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_second_host_header_breaks_the_signature() {
    let platform = Platform::start().await;
    let call = samples::least("lambda", "GetFunction");
    let head = head(&platform, &call, &platform.root).replacen("\r\n", "\r\nhost: evil.example\r\n", 1);
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 403") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(platform.desk.called(), Vec::<&str>::new());
}
