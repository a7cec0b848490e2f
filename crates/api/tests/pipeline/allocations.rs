//! What a warm invocation allocates on its way through client, server and pipeline, held so that it doesn't creep up.

use crate::client;
use crate::platform::Platform;
use crate::samples;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Builder;

/// Allocations of one request and its answer, those of the HTTP client and the test's data plane included.
const MOST: u64 = 70;
const REQUESTS: u64 = 100;

#[test]
fn a_warm_invocation_allocates_little() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (platform, mut sender) = runtime.block_on(async {
        let platform = Platform::start().await;
        let stream = TcpStream::connect(platform.address).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        (platform, sender)
    });
    let call = samples::least("lambda", "Invoke").body("{}");
    let signed = |_| call.signed(&platform.host(), Some(&platform.root), platform.clock_now());
    let mut converse = |requests: Vec<_>| {
        runtime.block_on(async {
            for request in requests {
                let answer = client::read(sender.send_request(request).await.unwrap()).await.unwrap();
                assert_eq!(answer.status, 200);
            }
        });
    };
    converse((0..10).map(signed).collect());
    let requests = (0..REQUESTS).map(signed).collect();
    let counted = allocation_counter::measure(|| converse(requests));
    let each = counted.count_total / REQUESTS;
    println!("{each} allocations per invocation");
    assert!(each <= MOST, "{each} allocations per invocation");
}
