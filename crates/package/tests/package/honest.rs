//! What packages that people really make look like after extraction.

use crate::zips::{DOS, Raw, archive, deflated_zeros, file, honest, link};
use package::{Limits, check, extract};
use std::fs;
use std::io::{Cursor, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use tempfile::TempDir;
use zip::write::{SimpleFileOptions, ZipWriter};

fn extracted(zip: &[u8]) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    let limits = Limits::default();
    let written = extract(zip, fs::File::open(tree.path()).unwrap().as_fd(), &limits).unwrap();
    assert_eq!(written, check(zip, &limits).unwrap());
    tree
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn contents_arrive_whole() {
    let large: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let tree = extracted(&honest(&[("index.py", b"x = 1\n"), ("pkg/data.bin", &large), ("empty", b"")]));
    assert_eq!(fs::read(tree.path().join("index.py")).unwrap(), b"x = 1\n");
    assert_eq!(fs::read(tree.path().join("pkg/data.bin")).unwrap(), large);
    assert_eq!(fs::read(tree.path().join("empty")).unwrap(), b"");
}

/// Characters that are shown like a way out, and that some systems fold to one: here they are letters.
#[test]
fn names_that_look_like_a_way_out_are_plain_names() {
    for name in ["..\u{FF0F}evil", "\u{FF0E}\u{FF0E}\u{2215}evil", "\u{2025}evil", "..\u{29F5}evil"] {
        let tree = extracted(&archive(&[file(name, b"x")]));
        assert_eq!(fs::read(tree.path().join(name)).unwrap(), b"x", "{name}");
        assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 1, "{name}");
    }
}

#[test]
fn modes_are_readable_and_never_special() {
    let tree = extracted(&archive(&[
        file("bootstrap", b"#!/bin/sh\n").mode(0o100_700),
        file("closed", b"x").mode(0o100_000),
        file("setuid", b"x").mode(0o106_755),
        file("everyone", b"x").mode(0o100_666),
        file("windows.exe", b"x").made_by(DOS).mode(0),
        file("windows-python", b"x").made_by(DOS).mode(0o100_777),
        file("secret/", b"").mode(0o040_700),
        file("secret/x", b"x"),
    ]));
    for (name, expected) in [
        ("bootstrap", 0o755),
        ("closed", 0o644),
        ("setuid", 0o755),
        ("everyone", 0o644),
        ("windows.exe", 0o644),
        ("windows-python", 0o644),
        ("secret", 0o755),
        ("secret/x", 0o644),
    ] {
        assert_eq!(mode(tree.path().join(name)), expected, "{name}");
    }
}

#[test]
fn names_differing_by_case_are_different_files() {
    let tree = extracted(&archive(&[file("Readme", b"1"), file("README", b"2"), file("readme", b"3")]));
    assert_eq!(fs::read(tree.path().join("README")).unwrap(), b"2");
    assert_eq!(fs::read_dir(tree.path()).unwrap().count(), 3);
}

#[test]
fn names_are_unicode_or_the_old_code_page() {
    let old = Raw { name: vec![b'c', 0x81], ..file("", b"old") };
    let tree = extracted(&archive(&[file("naïve/日本.py", b"x"), old]));
    assert!(tree.path().join("naïve/日本.py").exists());
    assert!(tree.path().join("cü").exists());
}

#[test]
fn links_inside_the_package() {
    let tree = extracted(&archive(&[
        link("lib/libx.so", "libx.so.1"),
        file("lib/libx.so.1", b"elf"),
        link("bin/tool", "../lib/libx.so"),
        link("dangling", "not/there"),
    ]));
    assert_eq!(fs::read(tree.path().join("bin/tool")).unwrap(), b"elf");
    assert_eq!(fs::read_link(tree.path().join("dangling")).unwrap(), Path::new("not/there"));
}

#[test]
fn directories_may_come_late_twice_or_never() {
    let directory = |name| file(name, b"").mode(0o040_755);
    let tree =
        extracted(&archive(&[file("a/b/c", b"1"), directory("a/b/"), directory("a/"), directory("empty/")]));
    assert!(tree.path().join("a/b/c").is_file());
    assert!(tree.path().join("empty").is_dir());
}

#[test]
fn times_are_kept() {
    let tree = extracted(&archive(&[file("x.py", b"1")]));
    // 0x5d78 is 2026-11-24 in the archive's date format.
    assert_eq!(fs::metadata(tree.path().join("x.py")).unwrap().mtime(), 1_795_478_400);
}

#[test]
fn prefix_and_trailing_bytes_are_no_obstacle() {
    let zip = honest(&[("x", b"1")]);
    let prefixed = [b"#!/usr/bin/env python3\n".as_slice(), &zip].concat();
    let trailing = [zip.as_slice(), b"\n\ntrailing garbage\n"].concat();
    for variant in [prefixed, trailing] {
        assert!(extracted(&variant).path().join("x").exists());
    }
}

#[test]
fn zip64_and_streamed_archives() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("big", SimpleFileOptions::default().large_file(true)).unwrap();
    writer.write_all(b"zip64").unwrap();
    let zip64 = writer.finish().unwrap().into_inner();
    let mut writer = ZipWriter::new_stream(Vec::new());
    writer.start_file("streamed", SimpleFileOptions::default()).unwrap();
    writer.write_all(b"with a data descriptor").unwrap();
    let streamed = writer.finish().unwrap().into_inner();
    assert_eq!(fs::read(extracted(&zip64).path().join("big")).unwrap(), b"zip64");
    assert!(extracted(&streamed).path().join("streamed").exists());
}

#[test]
fn a_package_of_exactly_the_limit() {
    let part = deflated_zeros(52_428_800);
    let entries: Vec<_> = (0..5).map(|n| Raw { name: vec![b'a' + n], ..part.clone() }).collect();
    let summary = check(&archive(&entries), &Limits::default()).unwrap();
    assert_eq!((summary.unzipped_bytes, summary.entries), (262_144_000, 5));
}

#[test]
fn a_tree_that_is_not_empty_is_not_overwritten() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("x"), "kept").unwrap();
    let directory = fs::File::open(tree.path()).unwrap();
    extract(&honest(&[("x", b"new")]), directory.as_fd(), &Limits::default()).unwrap_err();
    assert_eq!(fs::read(tree.path().join("x")).unwrap(), b"kept");
}

#[test]
fn a_link_planted_in_the_tree_is_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    let tree = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), tree.path().join("d")).unwrap();
    let directory = fs::File::open(tree.path()).unwrap();
    extract(&honest(&[("d/x", b"new")]), directory.as_fd(), &Limits::default()).unwrap_err();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
