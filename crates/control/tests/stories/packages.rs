//! Code packages: which are refused, and that no unused one stays on the disk.

use crate::words::{base64, code, invalid};
use serde_json::json;
use testkit::{Collect, Platform, Seeded, Setup, zip};
use types::Random;

const NO_ZIP: &str = "Could not unzip uploaded file. Please check your file, then try to upload again.";

#[tokio::test]
async fn what_is_no_zip_is_refused_in_the_services_words() {
    let platform = Platform::start().await;
    let mut damaged = zip(b"some content that is long enough to be damaged");
    damaged[40] ^= 0xff;
    for bytes in [b"hello".to_vec(), damaged, zip(b"x")[1..].to_vec()] {
        let mut request = platform.minimal("echo");
        request["Code"] = json!({"ZipFile": base64(&bytes)});
        let (status, code, message) = platform.create(request).await.error();
        assert_eq!((status, code.as_str()), (400, "InvalidParameterValueException"));
        assert!(message.starts_with(NO_ZIP), "{message}");
    }
    let mut request = platform.minimal("echo");
    request["Code"] = json!({"ZipFile": ""});
    let empty = platform.create(request).await.error();
    assert_eq!(empty, invalid("Uploaded file must be a non-empty zip"));
    assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
}

#[tokio::test]
async fn almost_fifty_megabytes_that_do_not_compress_pass() {
    let platform = Platform::start().await;
    let mut content = vec![0; 52_400_000];
    Seeded::new(50).fill(&mut content);
    let package = zip(&content);
    assert!((52_400_000..52_428_800).contains(&package.len()), "{}", package.len());
    let mut request = platform.minimal("large");
    request["Code"] = json!({"ZipFile": base64(&package)});
    assert_eq!(platform.create(request).await.ok().json()["CodeSize"], package.len());
    let location = platform.get("large").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();
    assert!(platform.client.fetch(&location).await.ok().body == package, "the download is what was uploaded");
}

#[tokio::test]
async fn a_package_above_fifty_megabytes_is_too_large() {
    let platform = Platform::start().await;
    let mut request = platform.minimal("echo");
    request["Code"] = json!({"ZipFile": base64(&vec![0; (50 << 20) + 1])});
    let expected = (
        413,
        "RequestEntityTooLargeException".to_owned(),
        "Zipped size must be smaller than 52428800 bytes".to_owned(),
    );
    assert_eq!(platform.create(request).await.error(), expected);
    assert_eq!((platform.functions().await.len(), platform.blobs_after_sweep().await), (0, 0));
}

#[tokio::test]
async fn a_request_above_the_quota_is_refused_before_it_is_read() {
    let platform = Platform::start().await;
    let huge = vec![b' '; 70_167_212];
    let refused = platform
        .client
        .send(http::Method::POST, "/2015-03-31/functions", http::HeaderMap::new(), huge.into())
        .await;
    let message = "Request must be smaller than 70167211 bytes for the CreateFunction operation".to_owned();
    assert_eq!(refused.error(), (413, "RequestEntityTooLargeException".to_owned(), message));
}

#[tokio::test]
async fn a_package_that_unpacks_to_too_much_is_refused() {
    let platform = Platform::start().await;
    let zeros = vec![0; 262_144_001];
    let mut request = platform.minimal("echo");
    request["Code"] = json!({"ZipFile": base64(&zip(&zeros))});
    let refused = platform.create(request).await.error();
    assert_eq!(refused, invalid("Unzipped size must be smaller than 262144000 bytes"));
    assert_eq!(platform.blobs_after_sweep().await, 0);
}

#[tokio::test]
async fn replaced_and_deleted_packages_leave_the_disk() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("a")).await.ok();
    platform.create(platform.minimal("b")).await.ok();
    for version in 0..5 {
        platform.update_code("a", code(format!("{version}").as_bytes())).await.ok();
        assert_eq!(platform.blobs_after_sweep().await, 2);
    }
    platform.update_code("a", json!({"ZipFile": base64(b"no zip")})).await;
    assert_eq!(platform.blobs_after_sweep().await, 2);
    platform.delete("a").await.ok();
    assert_eq!(platform.blobs_after_sweep().await, 1);
    platform.delete("b").await.ok();
    assert_eq!(platform.blobs_after_sweep().await, 0);
}

#[tokio::test]
async fn the_sweep_takes_what_no_function_refers_to_and_nothing_else() {
    let platform = Platform::start().await;
    platform.create(platform.minimal("echo")).await.ok();
    for orphan in 0..3 {
        drop(platform.store.blobs().put(zip(&[orphan]).into()).await.unwrap());
    }
    let fresh = platform.store.blobs().put(zip(b"fresh").into()).await.unwrap();
    assert_eq!(platform.sweep().await, 3);
    assert_eq!(platform.blobs(), 2);
    drop(fresh);
    assert_eq!(platform.sweep().await, 1);
    let location = platform.get("echo").await.ok().json()["Code"]["Location"].as_str().unwrap().to_owned();
    platform.client.fetch(&location).await.ok();
}

#[tokio::test]
async fn the_collector_frees_what_is_left_over_by_itself() {
    let platform = Platform::with(Setup { collect: Collect::InBackground, ..Setup::default() }).await;
    let settles = async |packages: usize| {
        for _ in 0..600 {
            if platform.blobs() == packages {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{} packages, not {packages}", platform.blobs());
    };
    platform.create(platform.minimal("echo")).await.ok();
    platform.publish_version("echo", json!({})).await.ok();
    platform.update_code("echo", code(b"1")).await.ok();
    platform.update_code("echo", code(b"2")).await.ok();
    settles(2).await;
    platform.delete("echo:1").await.ok();
    settles(1).await;
    platform.delete("echo").await.ok();
    settles(0).await;
}
