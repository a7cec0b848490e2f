//! Functions that call the platform's API out of their environments.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::json;
use testkit::Platform;
use testkit::programs::{echo, program};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_invokes_another_by_the_api_inside() {
    let platform = Platform::start().await;
    platform.deploy("other", echo()).await;
    let client = platform.client.clone();
    let caller = program(move |mut guest| {
        let inside = client.at(guest.platform());
        async move {
            while let Ok(work) = guest.next().await {
                let target = "/2015-03-31/functions/other/invocations";
                let reply = inside.send(Method::POST, target, HeaderMap::new(), work.body.clone()).await;
                let stranger = inside.with_key("AKIAUNKNOWN");
                let refused = stranger.send(Method::POST, target, HeaderMap::new(), Bytes::new()).await;
                let refused = refused.status.as_u16();
                let said: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                let answer = json!({"other": said, "stranger": refused}).to_string();
                if guest.respond(&work.id(), answer).await.is_err() {
                    break;
                }
            }
            0
        }
    });
    platform.deploy("caller", caller).await;
    let reply = platform.invoke("caller", json!({"n": 1})).await.ok();
    assert_eq!(reply.json(), json!({"other": {"n": 1}, "stranger": 403}));
}
