//! A sealed blob opens only whole, in order and at its place, whatever its length.

use proptest::prelude::*;
use seal::{Place, RootKey, SEGMENT_BYTES, SealError, Sealer};
use std::io::{self, Read, Write};
use std::sync::LazyLock;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| Sealer::new(RootKey::generate().unwrap()).unwrap());

const PLACE: Place<'_> = Place { table: "blobs", key: "id" };
const HEADER: usize = 50;
const SEALED_SEGMENT: usize = SEGMENT_BYTES + 28;

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i / 7 % 251) as u8).collect()
}

fn seal(plain: &[u8]) -> Vec<u8> {
    let mut writer = SEALER.writer(&PLACE, Vec::new()).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

fn open_at(place: &Place<'_>, sealed: impl Read) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    SEALER.reader(place, sealed)?.read_to_end(&mut plain)?;
    Ok(plain)
}

fn open(sealed: &[u8]) -> io::Result<Vec<u8>> {
    open_at(&PLACE, sealed)
}

#[track_caller]
fn assert_tampered(sealed: &[u8]) {
    let error = open(sealed).expect_err("a changed blob opened");
    let cause = error.downcast::<SealError>().expect("the error has no cause");
    assert!(matches!(cause, SealError::Tampered), "{cause}");
}

/// A sealed blob of three segments, cut into its header and segments.
fn three() -> (Vec<u8>, Vec<Vec<u8>>) {
    let sealed = seal(&plain(2 * SEGMENT_BYTES + 5));
    let segments = sealed[HEADER..].chunks(SEALED_SEGMENT).map(<[u8]>::to_vec).collect();
    (sealed[..HEADER].to_vec(), segments)
}

fn assembled(header: &[u8], segments: &[&Vec<u8>]) -> Vec<u8> {
    segments.iter().fold(header.to_vec(), |whole, segment| [&whole[..], segment].concat())
}

#[test]
fn blobs_of_every_length_around_a_segment_open() {
    let s = SEGMENT_BYTES;
    for length in [0, 1, 1000, s - 1, s, s + 1, 2 * s - 1, 2 * s, 2 * s + 1, 3 * s] {
        let (plain, sealed) = (plain(length), seal(&plain(length)));
        assert!(open(&sealed).unwrap() == plain, "{length}");
        assert_eq!(seal::opened_len(sealed.len() as u64), Some(length as u64));
        assert_eq!(sealed.len(), HEADER + length + 28 * length.div_ceil(s).max(1));
    }
}

#[test]
fn impossible_lengths_are_known() {
    for sealed in [0, 49, 50, 51, 77] {
        assert_eq!(seal::opened_len(sealed), None, "{sealed}");
    }
}

#[test]
fn a_cut_between_segments_is_found() {
    let (header, s) = three();
    assert_tampered(&header);
    assert_tampered(&assembled(&header, &[&s[0]]));
    assert_tampered(&assembled(&header, &[&s[0], &s[1]]));
    assert_tampered(&assembled(&header, &[&s[0], &s[2]]));
    assert_tampered(&assembled(&header, &[&s[2]]));
    assert!(open(&assembled(&header, &[&s[0], &s[1], &s[2]])).is_ok());
}

#[test]
fn a_cut_after_a_full_last_segment_is_found() {
    let sealed = seal(&plain(2 * SEGMENT_BYTES));
    assert_tampered(&sealed[..HEADER + SEALED_SEGMENT]);
}

#[test]
fn exchanged_and_repeated_segments_are_found() {
    let (header, s) = three();
    assert_tampered(&assembled(&header, &[&s[1], &s[0], &s[2]]));
    assert_tampered(&assembled(&header, &[&s[0], &s[0], &s[2]]));
    assert_tampered(&assembled(&header, &[&s[0], &s[1], &s[1], &s[2]]));
    assert_tampered(&assembled(&header, &[&s[0], &s[1], &s[2], &s[2]]));
}

#[test]
fn segments_and_headers_of_another_blob_are_found() {
    let ((left_header, left), (right_header, right)) = (three(), three());
    assert_tampered(&assembled(&left_header, &[&left[0], &right[1], &left[2]]));
    assert_tampered(&assembled(&right_header, &[&left[0], &left[1], &left[2]]));
    let longer = [assembled(&left_header, &[&left[0], &left[1], &left[2]]), right[0].clone()].concat();
    assert_tampered(&longer);
}

#[test]
fn a_blob_opens_at_no_other_place() {
    let sealed = seal(b"blob");
    assert!(open_at(&Place { table: "blobs", key: "other" }, &sealed[..]).is_err());
    assert!(open_at(&Place { table: "records/blobs", key: "id" }, &sealed[..]).is_err());
}

#[test]
fn a_failed_reader_stays_failed() {
    let mut sealed = seal(&plain(SEGMENT_BYTES + 1));
    *sealed.last_mut().unwrap() ^= 1;
    let mut reader = SEALER.reader(&PLACE, &sealed[..]).unwrap();
    let mut buffer = Vec::new();
    assert!(reader.read_to_end(&mut buffer).is_err());
    assert_eq!(buffer.len(), SEGMENT_BYTES, "what was authentic was handed out");
    assert!(reader.read(&mut [0; 1]).is_err());
}

/// Gives a few bytes at a time, as pipes do.
struct Dripping<'a>(&'a [u8]);

impl Read for Dripping<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(4099);
        self.0.read(&mut into[..count])
    }
}

#[test]
fn short_reads_and_writes_make_no_difference() {
    let plain = plain(SEGMENT_BYTES + 12_345);
    let mut writer = SEALER.writer(&PLACE, Vec::new()).unwrap();
    plain.chunks(4093).for_each(|part| writer.write_all(part).unwrap());
    let sealed = writer.finish().unwrap();
    assert!(open_at(&PLACE, Dripping(&sealed)).unwrap() == plain);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_changed_bit_anywhere_is_found(at: prop::sample::Index, bit in 0..8u32, length in 0..3000usize) {
        let mut sealed = seal(&plain(length));
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(open(&sealed).is_err());
    }

    #[test]
    fn a_cut_anywhere_is_found(at: prop::sample::Index) {
        let sealed = seal(&plain(SEGMENT_BYTES + 100));
        prop_assert!(open(&sealed[..at.index(sealed.len())]).is_err());
    }

    #[test]
    fn an_extension_is_found(length in 0..SEGMENT_BYTES + 2, more in prop::collection::vec(any::<u8>(), 1..100)) {
        let sealed = [seal(&plain(length)), more].concat();
        prop_assert!(open(&sealed).is_err());
    }
}
