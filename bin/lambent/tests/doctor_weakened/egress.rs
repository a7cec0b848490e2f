//! The rows of egress, which are there where it is configured: on a host of the test's own with one address, which forwards or
//! doesn't.

use crate::command::{Doctor, fallen, found, is_root};
use crate::{Names, skipped};
use sandbox::Layer;
use std::path::Path;

const CONFIGURATION: &str = "[egress]\ndefault = \"internet\"\n";
/// Nobody sends anything there: the interface leads nowhere.
const HOST: &str = "ip link set lo up
ip link add up0 type veth peer name up1
ip addr add 192.0.2.2/24 dev up0
ip link set up1 up
ip link set up0 up";

/// The command there; none where this machine can't make one.
fn doctor(forwards: bool, test: &str) -> Option<(Doctor, tempfile::TempDir, Vec<String>)> {
    let lacks = |program: &str| {
        ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
            .iter()
            .all(|place| !Path::new(place).join(program).exists())
    };
    if !is_root() || ["ip", "nft", "unshare"].into_iter().any(lacks) {
        skipped(test, "it needs root, ip, nft and unshare");
        return None;
    }
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("lambent.toml");
    std::fs::write(&path, CONFIGURATION).expect("a configuration");
    let host = format!("{HOST}\necho {} > /proc/sys/net/ipv4/ip_forward", u8::from(forwards));
    let options = vec!["--config".to_owned(), path.display().to_string()];
    Some((Doctor::on(host), folder, options))
}

fn names(list: &[&str]) -> Names {
    list.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn root_without_its_layers_the_host_is_reached() {
    let Some((doctor, _folder, options)) = doctor(true, "root_without_its_layers_the_host_is_reached") else {
        return;
    };
    let (document, code) = doctor.examine_with(&[], &options);
    assert_eq!((fallen(&document), code), (Names::new(), Some(0)), "{document:#}");
    assert!(found(&document, "held").contains("host-by-egress"), "{document:#}");
    let without = [Layer::EgressFilter, Layer::EgressRoutes];
    let (document, code) = doctor.examine_with(&without, &options);
    assert_eq!((fallen(&document), code), (names(&["egress"]), Some(1)), "{document:#}");
    assert_eq!(found(&document, "broken"), names(&["host-by-egress"]));
}

#[test]
fn root_a_host_that_does_not_forward_has_neither() {
    let Some((doctor, _folder, options)) = doctor(false, "root_a_host_that_does_not_forward_has_neither")
    else {
        return;
    };
    let (document, code) = doctor.examine_with(&[], &options);
    assert_eq!((fallen(&document), code), (names(&["egress", "network-rate"]), Some(1)), "{document:#}");
}
