//! The decoder against anything, and the reader against any cutting of the stream.

use super::frame::{HEAD_BYTES, Head, Kind, Violation, Word};
use super::reader::{Frames, Payload};
use proptest::prelude::*;
use types::RequestId;

const ID: &str = "01234567-89ab-4def-8123-456789abcdef";

/// A frame as a runtime writes it.
fn frame(kind: u8, fields: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 0];
    bytes.extend((fields.len() as u16).to_be_bytes());
    bytes.extend((payload.len() as u32).to_be_bytes());
    [bytes.as_slice(), fields, payload].concat()
}

fn head(kind: u8, reserved: u8, fields: u16, payload: u32) -> Result<Head, Violation> {
    let mut bytes = [kind, reserved, 0, 0, 0, 0, 0, 0];
    bytes[2..4].copy_from_slice(&fields.to_be_bytes());
    bytes[4..].copy_from_slice(&payload.to_be_bytes());
    Head::read(bytes)
}

#[test]
fn lengths_are_held_to_what_a_kind_may_have() {
    assert_eq!(head(2, 0, 0, 0), Ok(Head { kind: Kind::Next, fields: 0, payload: 0 }));
    assert_eq!(head(3, 0, 36, 64 << 20).map(|head| head.payload), Ok(64 << 20));
    for (wrong, violation) in [
        (head(0, 0, 0, 0), Violation::UnknownKind(0)),
        (head(0x81, 0, 0, 0), Violation::UnknownKind(0x81)),
        (head(2, 1, 0, 0), Violation::Reserved),
        (head(2, 0, 1, 0), Violation::Fields(1)),
        (head(2, 0, 0, 1), Violation::Payload(1)),
        (head(1, 0, 5, 0), Violation::Fields(5)),
        (head(3, 0, 35, 0), Violation::Fields(35)),
        (head(3, 0, u16::MAX, 0), Violation::Fields(65_535)),
        (head(3, 0, 36, (64 << 20) + 1), Violation::Payload((64 << 20) + 1)),
        (head(4, 0, 36, u32::MAX), Violation::Payload(u32::MAX as usize)),
        (head(5, 0, 257, 0), Violation::Fields(257)),
    ] {
        assert_eq!(wrong, Err(violation));
    }
}

#[test]
fn words_are_what_their_fields_say() {
    let id: Option<RequestId> = ID.parse().ok();
    assert!(id.is_some());
    let fields = [ID, "text/plain"].concat();
    let content_type = Some("text/plain".to_owned());
    assert_eq!(Word::read(Kind::Response, fields.as_bytes()), Ok(Word::Response { id, content_type }));
    let named = [ID, "Odd\r\nX: 1"].concat();
    assert_eq!(Word::read(Kind::Error, named.as_bytes()), Ok(Word::Error { id, error_type: None }));
    let other = [&[0xFF; 36][..], b"E"].concat();
    let error_type = Some("E".to_owned());
    assert_eq!(Word::read(Kind::Error, &other), Ok(Word::Error { id: None, error_type }));
    assert_eq!(Word::read(Kind::Hello, b"LMBT\0\x01"), Ok(Word::Hello));
    for greeting in [b"LMBT\0\x02", b"lmbt\0\x01", b"\0\0\0\0\0\x01"] {
        assert_eq!(Word::read(Kind::Hello, greeting), Err(Violation::Version));
    }
}

/// Everything that the reader makes of these bytes, when they come in these pieces.
async fn read(bytes: &[u8], pieces: &[usize], limit: usize) -> (Vec<(Word, Payload)>, Result<(), Violation>) {
    let (mut sender, receiver) = tokio::io::duplex(64 * 1024);
    let (bytes, pieces) = (bytes.to_vec(), pieces.to_vec());
    let sending = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        let (mut rest, mut pieces) = (&bytes[..], pieces.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(pieces.next().unwrap_or(1).clamp(1, rest.len()));
            if sender.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
            rest = after;
        }
    });
    let (mut frames, mut all) = (Frames::new(receiver), Vec::new());
    let end = loop {
        match frames.word().await {
            Ok(None) => break Ok(()),
            Err(violation) => break Err(violation),
            Ok(Some((word, length))) => all.push((word, frames.payload(length, limit).await)),
        }
    };
    drop(frames);
    sending.await.unwrap();
    (all, end)
}

fn block_on<T>(story: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(story)
}

fn frames() -> impl Strategy<Value = Vec<(u8, Vec<u8>, Vec<u8>)>> {
    let payload = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..100),
        proptest::collection::vec(any::<u8>(), 4000..9000),
    ];
    let frame = (1u8..=5, payload).prop_map(|(kind, payload)| match kind {
        1 => (1, b"LMBT\0\x01".to_vec(), Vec::new()),
        2 => (2, Vec::new(), Vec::new()),
        5 => (5, b"Odd".to_vec(), payload),
        kind => (kind, [ID, "E"].concat().into_bytes(), payload),
    });
    proptest::collection::vec(frame, 0..6)
}

proptest! {
    #[test]
    fn any_bytes_are_a_head_or_a_violation(bytes: [u8; HEAD_BYTES]) {
        if let Ok(head) = Head::read(bytes) {
            prop_assert!(head.payload <= 64 << 20 && head.fields <= 36 + 256);
        }
    }

    #[test]
    fn any_fields_are_a_word_or_a_violation(kind in 0u8..6, fields in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(head) = head(kind, 0, fields.len() as u16, 0) {
            let _ = Word::read(head.kind, &fields);
        }
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut(
        frames in frames(), pieces in proptest::collection::vec(1usize..3000, 1..5), limit in prop_oneof![Just(50), Just(10_000)],
    ) {
        let bytes: Vec<u8> = frames.iter().flat_map(|(kind, fields, payload)| frame(*kind, fields, payload)).collect();
        let (read, end) = block_on(read(&bytes, &pieces, limit));
        prop_assert_eq!(end, Ok(()));
        prop_assert_eq!(read.len(), frames.len());
        for ((_, payload), (_, _, sent)) in read.iter().zip(&frames) {
            let expected =
                if sent.len() > limit { Payload::TooLarge } else { Payload::Whole(sent.clone().into()) };
            prop_assert_eq!(payload, &expected);
        }
    }

    #[test]
    fn no_bytes_at_all_make_the_reader_panic(
        bytes in proptest::collection::vec(prop_oneof![2 => 0u8..6, 1 => any::<u8>()], 0..400),
        pieces in proptest::collection::vec(1usize..50, 1..5),
    ) {
        let _ = block_on(read(&bytes, &pieces, 100));
    }

    #[test]
    fn a_stream_that_ends_inside_a_frame_is_cut(keep in 1usize..60) {
        let whole = frame(3, ID.as_bytes(), &[7; 60]);
        let head = HEAD_BYTES + ID.len();
        let (words, end) = block_on(read(&whole[..keep.min(head + 59)], &[5], 100));
        if keep < head {
            prop_assert_eq!((words, end), (Vec::new(), Err(Violation::Cut)));
        } else {
            prop_assert_eq!(&words[0].1, &Payload::Cut);
        }
    }
}
