//! Bodies: too large, chunked, stalled, unwanted.

use crate::client::Call;
use crate::connections;
use crate::people::Key;
use crate::platform::Platform;
use crate::samples;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use types::limits::{CODE_REQUEST_BYTES, SYNC_REQUEST_BYTES};

#[tokio::test]
async fn bodies_beyond_their_limit_are_refused_by_name() {
    let platform = Platform::start().await;
    let create = samples::least("lambda", "CreateFunction").body(vec![b' '; CODE_REQUEST_BYTES + 1]);
    let invoke = samples::least("lambda", "Invoke").body(vec![b' '; SYNC_REQUEST_BYTES + 1]);
    let update = samples::least("lambda", "UpdateFunctionConfiguration").body(vec![b' '; (1 << 20) + 1]);
    for (call, text) in [
        (create, "Request must be smaller than 70167211 bytes for the CreateFunction operation"),
        (invoke, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"),
        (update, "Request must be smaller than 1048576 bytes for the UpdateFunctionConfiguration operation"),
    ] {
        let answer = platform.call(&call, &platform.root).await;
        assert_eq!((answer.status.as_u16(), answer.message().as_str()), (413, text));
        assert_eq!(answer.code(), "RequestEntityTooLargeException");
    }
    let records = platform.finish().await;
    let names: Vec<&str> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["CreateFunction", "Invoke", "UpdateFunctionConfiguration"]);
}

#[tokio::test]
async fn the_largest_bodies_are_taken_whatever_the_budget() {
    let platform = Platform::start().await;
    let mut body =
        br#"{"Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"UEsFBg=="},"Handler":"a.b""#
            .to_vec();
    body.resize(CODE_REQUEST_BYTES - 1, b' ');
    body.push(b'}');
    let call = Call::new("POST", "/2015-03-31/functions", "lambda").body(body);
    // FunctionName is missing: the answer shows that the body was read to its end.
    let answer = platform.call(&call, &platform.root).await;
    assert_eq!(answer.code(), "ValidationException", "{}", answer.text());
    let invoke = samples::least("lambda", "Invoke").body(vec![b'1'; SYNC_REQUEST_BYTES]);
    assert_eq!(platform.call(&invoke, &platform.root).await.status, 200);
    assert_eq!(platform.desk.invocations.lock().unwrap()[0].payload.len(), SYNC_REQUEST_BYTES);
}

async fn chunked(platform: &Platform, call: &Call, chunk: usize) -> String {
    let head = connections::head(platform, call, &platform.root);
    let length = format!("content-length: {}\r\n", call.body.len());
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    let head = head.replace(&length, "transfer-encoding: chunked\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    for piece in call.body.chunks(chunk) {
        let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
        if stream.write_all(&bytes).await.is_err() {
            break;
        }
    }
    drop(stream.write_all(b"0\r\n\r\n").await);
    connections::answer(&mut stream).await
}

#[tokio::test]
async fn chunks_are_put_together_and_bounded_like_any_body() {
    let platform = Platform::start().await;
    let payload: Vec<u8> = (0..300_000).map(|n| b'0' + (n % 10) as u8).collect();
    let small = samples::least("lambda", "Invoke").body(payload.clone());
    assert!(chunked(&platform, &small, 4096).await.starts_with("HTTP/1.1 200"));
    assert_eq!(platform.desk.invocations.lock().unwrap()[0].payload, payload);
    let large = samples::least("lambda", "Invoke").body(vec![b'1'; SYNC_REQUEST_BYTES + 1]);
    let answer = chunked(&platform, &large, 1 << 20).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn strangers_bodies_are_not_read_beyond_a_small_bound() {
    let platform = Platform::start().await;
    let call = samples::least("lambda", "CreateFunction").body(vec![b' '; 64 << 20]);
    let head = connections::head(&platform, &call, &Key::new("AKIANOBODY"));
    let mut stream = TcpStream::connect(platform.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = connections::answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    let mut sent = 0;
    let flood = async {
        while let Ok(count) = stream.write(&[b' '; 64 << 10]).await {
            sent += count;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), flood).await.expect("the connection is closed");
    assert!(sent < 32 << 20, "{sent} bytes were taken");
}

#[tokio::test]
async fn stalled_uploads_hold_no_memory_that_others_need() {
    let platform = Platform::start().await;
    let huge = samples::least("lambda", "CreateFunction").body(vec![b' '; CODE_REQUEST_BYTES]);
    let head = connections::head(&platform, &huge, &platform.root);
    let mut stalled = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(platform.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&[b' '; 70 << 10]).await.unwrap();
        stalled.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let invoke = samples::least("lambda", "Invoke").body(vec![b'1'; SYNC_REQUEST_BYTES]);
    let answer = tokio::time::timeout(Duration::from_secs(15), platform.call(&invoke, &platform.root)).await;
    assert_eq!(answer.unwrap().status, 200);
}

#[tokio::test]
async fn an_oversized_call_keeps_its_record_small_and_its_neighbours_records_safe() {
    let platform = Platform::start().await;
    let create = samples::operation("lambda", "CreateFunction");
    let mut input = samples::input(create);
    input["Description"] = json!("\u{1}".repeat(3 << 20));
    let bob = platform.people.user("bob", &[]);
    for name in ["ListFunctions", "GetFunction"] {
        platform.call(&samples::least("lambda", name), &bob).await;
    }
    assert_eq!(platform.call(&samples::request(create, &input), &bob).await.code(), "AccessDeniedException");
    let records = platform.finish().await;
    assert_eq!(records.len(), 3);
    assert_eq!(records[2].request_parameters, json!({ "omitted": true }));
}
