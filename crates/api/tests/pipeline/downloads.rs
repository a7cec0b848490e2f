//! Links to packages: good for what they were made for, and for nothing else.

use crate::client::Call;
use crate::platform::Platform;
use std::time::Duration;

fn target(platform: &Platform, id: &str) -> String {
    let endpoint = format!("http://{}", platform.host());
    let link = platform.downloads.link(&endpoint, types::AccountId::FIRST, id, platform.clock_now());
    link.strip_prefix(&endpoint).unwrap().to_owned()
}

async fn status(platform: &Platform, method: &str, target: &str) -> u16 {
    platform.send(&Call::new(method, target, "lambda"), None).await.status.as_u16()
}

#[tokio::test]
async fn a_link_downloads_exactly_its_package_without_credentials() {
    let platform = Platform::start().await;
    let answer = platform.send(&Call::new("GET", &target(&platform, "package"), "lambda"), None).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "the zip"));
    assert_eq!(answer.header("content-type"), "application/zip");
    assert_eq!(status(&platform, "GET", &target(&platform, "gone")).await, 403);
}

#[tokio::test]
async fn a_changed_or_late_link_is_refused() {
    let platform = Platform::start().await;
    let good = target(&platform, "package");
    let other = good.replace("/package?", "/other?");
    let nobodys = good.replace(types::AccountId::FIRST.as_str(), "123456789012");
    let longer = good.replace("X-Amz-Expires=600", "X-Amz-Expires=6000");
    let added = format!("{good}&more=1");
    let unsigned = good.split('?').next().unwrap().to_owned();
    for target in [&other, &nobodys, &longer, &added, &unsigned, &"/lambent/code/".to_owned()] {
        let answer = platform.send(&Call::new("GET", target, "lambda"), None).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "AccessDenied"), "{target}");
    }
    for method in ["HEAD", "POST", "DELETE"] {
        assert_eq!(status(&platform, method, &good).await, 403, "{method}");
    }
    platform.clock.advance(Duration::from_secs(600));
    assert_eq!(status(&platform, "GET", &good).await, 200);
    platform.clock.advance(Duration::from_secs(1));
    assert_eq!(status(&platform, "GET", &good).await, 403);
}

#[tokio::test]
async fn the_key_of_an_account_opens_no_download() {
    let platform = Platform::start().await;
    let call = Call::new("GET", "/lambent/code/package", "lambent-download");
    assert_eq!(platform.call(&call, &platform.root).await.status, 403);
}
