//! A sealed value opens only as it was sealed: whole, unchanged, at its place, under its root key.

use proptest::prelude::*;
use seal::{Place, RootKey, SealError, Sealer};
use std::sync::LazyLock;

static SEALER: LazyLock<Sealer> = LazyLock::new(|| Sealer::new(RootKey::generate().unwrap()).unwrap());

const PLACE: Place<'_> = Place { table: "records/functions", key: "000000000000\u{1f}echo" };

/// Where the key id stands; a change there looks like another root key.
const KEY_ID: std::ops::Range<usize> = 2..10;

proptest! {
    #[test]
    fn what_was_sealed_opens(plain: Vec<u8>, table in "\\PC{0,20}", key in "\\PC{0,20}") {
        let place = Place { table: &table, key: &key };
        let sealed = SEALER.seal(&place, &plain).unwrap();
        prop_assert_eq!(sealed.len(), plain.len() + 78);
        prop_assert_eq!(SEALER.open(&place, &sealed).unwrap(), plain);
    }

    #[test]
    fn a_changed_bit_anywhere_is_found(
        plain in prop::collection::vec(any::<u8>(), 0..100),
        at: prop::sample::Index,
        bit in 0..8u32,
    ) {
        let mut sealed = SEALER.seal(&PLACE, &plain).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        let error = SEALER.open(&PLACE, &sealed).unwrap_err();
        let fits = match at {
            0 => matches!(error, SealError::UnknownFormat { .. }),
            1 => matches!(error, SealError::WrongKind),
            at if KEY_ID.contains(&at) => matches!(error, SealError::WrongRootKey { .. }),
            _ => matches!(error, SealError::Tampered),
        };
        prop_assert!(fits, "{}", error);
    }

    #[test]
    fn a_cut_is_found(plain in prop::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index) {
        let sealed = SEALER.seal(&PLACE, &plain).unwrap();
        let cut = &sealed[..at.index(sealed.len())];
        let tampered = matches!(SEALER.open(&PLACE, cut), Err(SealError::Tampered));
        prop_assert!(tampered);
    }

    #[test]
    fn an_extension_is_found(
        plain in prop::collection::vec(any::<u8>(), 0..100),
        more in prop::collection::vec(any::<u8>(), 1..100),
    ) {
        let mut sealed = SEALER.seal(&PLACE, &plain).unwrap();
        sealed.extend(more);
        prop_assert!(matches!(SEALER.open(&PLACE, &sealed), Err(SealError::Tampered)));
    }

    #[test]
    fn a_value_opens_at_no_other_place(
        here in ("[ab]{0,3}", "[ab]{0,3}"),
        there in ("[ab]{0,3}", "[ab]{0,3}"),
    ) {
        let at = |place: &(String, String), sealed: &[u8]| {
            SEALER.open(&Place { table: &place.0, key: &place.1 }, sealed).is_ok()
        };
        let sealed = SEALER.seal(&Place { table: &here.0, key: &here.1 }, b"value").unwrap();
        prop_assert!(at(&here, &sealed));
        prop_assert_eq!(at(&there, &sealed), here == there);
    }

    #[test]
    fn noise_is_refused(noise: Vec<u8>) {
        prop_assert!(SEALER.open(&PLACE, &noise).is_err());
    }

    #[test]
    fn two_values_exchange_nothing(a in "[a-z]{1,40}", at: prop::sample::Index) {
        let left = SEALER.seal(&PLACE, a.as_bytes()).unwrap();
        let right = SEALER.seal(&PLACE, a.as_bytes()).unwrap();
        // The same text, the same place, and nothing but the format, the kind and the key id in common.
        let at = at.index(left.len() - KEY_ID.end) + KEY_ID.end;
        let mixed = [&left[..at], &right[at..]].concat();
        prop_assert_eq!(SEALER.open(&PLACE, &mixed).is_ok(), mixed == left || mixed == right);
    }
}

#[test]
fn sealing_twice_gives_different_bytes() {
    let seal = || SEALER.seal(&PLACE, b"the same").unwrap();
    assert_ne!(seal(), seal());
}

#[test]
fn another_root_key_is_named() {
    let other = Sealer::new(RootKey::generate().unwrap()).unwrap();
    let error = other.open(&PLACE, &SEALER.seal(&PLACE, b"value").unwrap()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("sealed under another root key"), "{text}");
    assert!(text.contains(&SEALER.key_id().to_string()), "{text}");
    assert!(text.contains(&other.key_id().to_string()), "{text}");
}

#[test]
fn a_value_is_no_blob_and_a_blob_no_value() {
    let value = SEALER.seal(&PLACE, b"value").unwrap();
    assert!(SEALER.reader(&PLACE, &value[..]).is_err());
    let blob = SEALER.writer(&PLACE, Vec::new()).unwrap().finish().unwrap();
    assert!(matches!(SEALER.open(&PLACE, &blob), Err(SealError::WrongKind)));
}

#[test]
fn the_plain_text_is_not_in_the_sealed_bytes() {
    let plain = b"MARKER-OF-THE-PLAIN-TEXT";
    let sealed = SEALER.seal(&PLACE, plain).unwrap();
    assert!(!sealed.windows(8).any(|window| plain.windows(8).any(|part| part == window)));
}
