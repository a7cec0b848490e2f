//! Each way in which a package attacks, and its refusal: by the check that reads, and by the extraction that writes.

use crate::zips::{DOS, Raw, archive, deflated_zeros, file, honest, link};
use package::{Limits, LinkFault, NameFault, PackageError, check, extract};
use std::fs;
use std::os::fd::AsFd;

/// What both `check` and `extract` say, which must be the same; nothing may have been written outside.
fn refusal_under(zip: &[u8], limits: &Limits) -> PackageError {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("tree");
    fs::create_dir(&inner).unwrap();
    let checked = check(zip, limits).expect_err("check accepted it");
    let extracted =
        extract(zip, fs::File::open(&inner).unwrap().as_fd(), limits).expect_err("extract took it");
    assert_eq!(checked.to_string(), extracted.to_string());
    assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1, "written outside");
    checked
}

fn refusal(zip: &[u8]) -> PackageError {
    refusal_under(zip, &Limits::default())
}

#[test]
fn nothing_and_no_entries() {
    assert!(matches!(refusal(b""), PackageError::Empty));
    assert!(matches!(refusal(&archive(&[])), PackageError::Empty));
    assert_eq!(refusal(b"").to_string(), "Uploaded file must be a non-empty zip");
}

#[test]
fn not_a_zip() {
    let error = refusal(b"#!/bin/sh\necho hello\n");
    assert!(matches!(error, PackageError::Unreadable(_)));
    let sentence = "Could not unzip uploaded file. Please check your file, then try to upload again.";
    assert!(error.to_string().starts_with(sentence));
}

#[test]
fn every_truncation_and_every_flipped_byte_is_survived() {
    let zip = honest(&[("a/b.py", b"def handler(event, context): return event"), ("c", b"1")]);
    for length in 0..zip.len() {
        let error = check(&zip[..length], &Limits::default()).expect_err("truncated");
        assert!(!error.to_string().contains("::"), "a caller is told of our types: {error}");
    }
    for at in 0..zip.len() {
        let mut flipped = zip.clone();
        flipped[at] ^= 0xff;
        let _ = check(&flipped, &Limits::default());
    }
}

#[test]
fn zip_slip() {
    for (name, fault) in [
        ("../evil", NameFault::Parent),
        ("a/../../evil", NameFault::Parent),
        ("a/..", NameFault::Parent),
        ("/etc/cron.d/evil", NameFault::Absolute),
        ("C:/evil", NameFault::Absolute),
        ("..\\evil", NameFault::Backslash),
        ("a\\b", NameFault::Backslash),
        ("evil\0.py", NameFault::Nul),
    ] {
        let error = refusal(&archive(&[file("ok", b"ok"), file(name, b"x")]));
        assert!(matches!(error, PackageError::Name { fault: f, .. } if f == fault), "{name:?}: {error}");
    }
}

#[test]
fn long_names_long_paths_deep_directories() {
    for (name, fault) in [
        ("n".repeat(256), NameFault::LongComponent),
        (["n".repeat(250).as_str(); 17].join("/"), NameFault::LongPath),
        (["d"; 200].join("/"), NameFault::Deep),
    ] {
        let error = refusal(&archive(&[file(&name, b"x")]));
        assert!(matches!(error, PackageError::Name { fault: f, .. } if f == fault), "{error}");
        assert!(error.to_string().len() < 400, "the message is short however long the name");
    }
}

#[test]
fn exact_duplicates_in_every_spelling() {
    for again in ["a/b", "./a/b", "a//b", "a/./b"] {
        let error = refusal(&archive(&[file("a/b", b"1"), file(again, b"2")]));
        assert!(
            matches!(&error, PackageError::Conflict { entry } if entry.contains("b")),
            "{again}: {error}"
        );
    }
}

#[test]
fn a_file_used_as_a_directory() {
    for entries in [
        [file("a", b"1"), file("a/b", b"2")],
        [file("a/b", b"2"), file("a", b"1")],
        [file("a", b"1"), file("a/", b"").mode(0o040_755)],
    ] {
        assert!(matches!(refusal(&archive(&entries)), PackageError::Conflict { .. }));
    }
}

#[test]
fn writing_through_a_link_in_either_order() {
    let into_tmp = [link("out", ".."), file("out/evil", b"x")];
    assert!(matches!(refusal(&archive(&into_tmp)), PackageError::Conflict { .. }));
    let late = [file("out/evil", b"x"), link("out", "..")];
    assert!(matches!(refusal(&archive(&late)), PackageError::Conflict { .. }));
    let same_name = [link("out", "x"), file("./out", b"x")];
    assert!(matches!(refusal(&archive(&same_name)), PackageError::Conflict { .. }));
}

#[test]
fn links_that_point_elsewhere() {
    for (target, fault) in [
        ("/etc/passwd", LinkFault::Absolute),
        ("../../etc/passwd", LinkFault::Outside),
        ("x/../../../etc", LinkFault::ParentAfterName),
        ("", LinkFault::Invalid),
    ] {
        let error = refusal(&archive(&[link("d/link", target)]));
        assert!(matches!(error, PackageError::Link { fault: f, .. } if f == fault), "{target}: {error}");
    }
    let endless = link("link", &"x".repeat(5000));
    assert!(matches!(refusal(&archive(&[endless])), PackageError::Link { fault: LinkFault::Invalid, .. }));
}

#[test]
fn devices_fifos_sockets_and_unknown_types() {
    for mode in [0o020_666, 0o060_660, 0o010_644, 0o140_755, 0o150_000] {
        let error = refusal(&archive(&[file("dev", b"").mode(mode)]));
        assert!(matches!(error, PackageError::Special { .. }), "{mode:o}: {error}");
    }
    let directory_by_name_only = file("dir/", b"").mode(0o120_777);
    assert!(matches!(refusal(&archive(&[directory_by_name_only])), PackageError::Special { .. }));
    let link_from_dos = link("l", "x").made_by(DOS);
    assert!(matches!(refusal(&archive(&[link_from_dos])), PackageError::Special { .. }));
}

#[test]
fn directories_with_contents() {
    assert!(matches!(
        refusal(&archive(&[file("d/", b"hidden").mode(0o040_755)])),
        PackageError::Damaged { .. }
    ));
}

#[test]
fn encrypted_entries() {
    let entry = Raw { flags: 1, ..file("secret", b"123456789012") };
    assert!(matches!(refusal(&archive(&[entry])), PackageError::Encrypted { .. }));
}

#[test]
fn compression_that_the_service_does_not_know() {
    for method in [1, 9, 12, 14, 93, 98, 0xfff0] {
        let entry = Raw { method, ..file("x", b"data") };
        assert!(matches!(refusal(&archive(&[entry])), PackageError::Damaged { .. }), "method {method}");
    }
}

#[test]
fn wrong_checksum() {
    let entry = Raw { crc: 1, ..file("x", b"data") };
    assert!(matches!(refusal(&archive(&[entry])), PackageError::Damaged { .. }));
}

#[test]
fn a_size_declared_smaller_or_larger_than_real() {
    for declared in [1, 1024, 1_000_001, 200_000_000] {
        let entry = Raw { declared, ..deflated_zeros(1_000_000) };
        let error = refusal(&archive(&[entry]));
        assert!(matches!(error, PackageError::Damaged { .. }), "{declared}: {error}");
    }
}

#[test]
fn a_bomb_that_tells_its_size() {
    let limits = Limits { unzipped_bytes: 1_000_000, ..Limits::default() };
    let error = refusal_under(&archive(&[deflated_zeros(1_000_001)]), &limits);
    assert!(matches!(error, PackageError::UnzippedTooLarge { limit: 1_000_000 }), "{error}");
    assert!(check(&archive(&[deflated_zeros(1_000_000)]), &limits).is_ok());
}

#[test]
fn many_entries_are_counted_together() {
    let limits = Limits { unzipped_bytes: 1_000_000, ..Limits::default() };
    let part = deflated_zeros(400_000);
    let entries: Vec<Raw> =
        ["a", "b", "c"].iter().map(|name| Raw { name: name.as_bytes().to_vec(), ..part.clone() }).collect();
    assert!(matches!(refusal_under(&archive(&entries), &limits), PackageError::UnzippedTooLarge { .. }));
}

#[test]
fn the_service_s_own_limit_and_words() {
    let part = deflated_zeros(52_428_800);
    let entries: Vec<Raw> =
        (0..6).map(|n| Raw { name: format!("z{n}").into_bytes(), ..part.clone() }).collect();
    let error = refusal(&archive(&entries));
    assert_eq!(error.to_string(), "Unzipped size must be smaller than 262144000 bytes");
    let error = refusal(&vec![0; 52_428_801]);
    assert_eq!(error.to_string(), "Zipped size must be smaller than 52428800 bytes");
}

#[test]
fn overlapping_entries() {
    let kernel = deflated_zeros(100_000);
    let entries: Vec<Raw> = (0..50)
        .map(|n| Raw { name: format!("{n:02}").into_bytes(), steals: (n > 0).then_some(0), ..kernel.clone() })
        .collect();
    assert!(matches!(refusal(&archive(&entries)), PackageError::Overlapping));
}

#[test]
fn nested_bombs_stay_closed() {
    let inner = archive(&[deflated_zeros(10_000_000)]);
    let middle = honest(&[("0.zip", &inner), ("1.zip", &inner)]);
    let outer = honest(&[("0.zip", &middle), ("1.zip", &middle)]);
    let summary = check(&outer, &Limits::default()).unwrap();
    assert_eq!(summary.unzipped_bytes, 2 * middle.len() as u64);
}

#[test]
fn a_million_tiny_files() {
    let mut central = Vec::new();
    let local = archive(&[file("0000000", b"")]);
    let header = local[local.len() - 22 - 53..local.len() - 22].to_vec();
    for n in 0..1_000_000_u32 {
        central.extend_from_slice(&header[..46]);
        central.extend_from_slice(format!("{n:07}").as_bytes());
    }
    // Written with the counts of zip64, as an archive of so many entries must be.
    let start = 30 + 7;
    let mut zip = local[..start].to_vec();
    zip.extend_from_slice(&central[..53 * 900_000]);
    let end = zip.len() as u64;
    zip.extend(0x0606_4b50_u32.to_le_bytes());
    zip.extend(44_u64.to_le_bytes());
    zip.extend([45, 0, 45, 0]);
    zip.extend([0; 8]);
    zip.extend(900_000_u64.to_le_bytes());
    zip.extend(900_000_u64.to_le_bytes());
    zip.extend((53 * 900_000_u64).to_le_bytes());
    zip.extend((start as u64).to_le_bytes());
    zip.extend(0x0706_4b50_u32.to_le_bytes());
    zip.extend([0; 4]);
    zip.extend(end.to_le_bytes());
    zip.extend(1_u32.to_le_bytes());
    zip.extend(0x0605_4b50_u32.to_le_bytes());
    zip.extend([0; 4]);
    zip.extend([0xff; 12]);
    zip.extend([0; 2]);
    assert!(zip.len() < 52_428_800, "it fits in an upload");
    let error = refusal(&zip);
    assert!(matches!(error, PackageError::TooManyEntries { limit: 200_000 }), "{error}");
}

#[test]
fn implied_directories_count_as_entries() {
    let limits = Limits { entries: 100, ..Limits::default() };
    let entries: Vec<Raw> = (0..10).map(|n| file(&format!("{n}/{}", ["d"; 20].join("/")), b"")).collect();
    assert!(matches!(
        refusal_under(&archive(&entries), &limits),
        PackageError::TooManyEntries { limit: 100 }
    ));
}

#[test]
fn long_paths_add_up() {
    let deep = |n: u32| format!("{n}/{}", ["d".repeat(30).as_str(); 100].join("/"));
    let entries: Vec<Raw> = (0..500).map(|n| file(&deep(n), b"")).collect();
    let zip = archive(&entries);
    assert!(zip.len() < 4_000_000, "a small upload");
    assert!(matches!(refusal(&zip), PackageError::LongPaths { .. }));
}
