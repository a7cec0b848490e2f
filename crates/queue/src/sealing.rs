//! From a message to sealed bytes and back.
//!
//! The plain form 1: the form (1 byte); group and attributes, each after its length (4 bytes, big endian; the group's
//! length is one more than it is, 0 for none); the body. It is sealed for its lane and sequence, so that two messages
//! that were exchanged do not open.

use crate::{Damage, LaneName, NewMessage, Sequence};
use bytes::Bytes;
use seal::{Place, SealError, Sealer};

const FORM: u8 = 1;

/// What a sealed message holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) body: Bytes,
    pub(crate) attributes: Bytes,
    pub(crate) group: Option<String>,
}

pub(crate) fn seal(
    sealer: &Sealer,
    lane: &LaneName,
    sequence: Sequence,
    message: &NewMessage,
) -> Result<Vec<u8>, SealError> {
    sealer.seal(&place(lane, &sequence.0.to_string()), &encode(message))
}

pub(crate) fn open(
    sealer: &Sealer,
    lane: &LaneName,
    sequence: Sequence,
    sealed: Option<Vec<u8>>,
) -> Result<Opened, Damage> {
    let sealed = sealed.ok_or(Damage::Missing)?;
    let plain = sealer.open(&place(lane, &sequence.0.to_string()), &sealed).map_err(Damage::Sealed)?;
    decode(Bytes::from(plain))
}

/// Stands for a group's name or a deduplication key on disk.
pub(crate) fn fingerprint(sealer: &Sealer, lane: &LaneName, of: &'static str, value: &str) -> [u8; 16] {
    sealer.fingerprint(&Place { table: of, key: lane.as_str() }, value.as_bytes())
}

fn place<'a>(lane: &'a LaneName, sequence: &'a str) -> Place<'a> {
    Place { table: lane.as_str(), key: sequence }
}

fn encode(message: &NewMessage) -> Vec<u8> {
    let group = message.group.as_deref().unwrap_or_default();
    let mut plain = Vec::with_capacity(9 + group.len() + message.attributes.len() + message.body.len());
    plain.push(FORM);
    let group_mark = message.group.as_ref().map_or(0, |group| group.len() + 1);
    for (mark, bytes) in [(group_mark, group.as_bytes()), (message.attributes.len(), &message.attributes)] {
        // Lengths are below MAX_MESSAGE_BYTES, which is checked before.
        plain.extend_from_slice(&(mark as u32).to_be_bytes());
        plain.extend_from_slice(bytes);
    }
    plain.extend_from_slice(&message.body);
    plain
}

fn decode(mut plain: Bytes) -> Result<Opened, Damage> {
    match plain.first() {
        None => return Err(Damage::Cut),
        Some(&FORM) => drop(plain.split_to(1)),
        Some(&form) => return Err(Damage::Form(form)),
    }
    let group = match length(&mut plain)? {
        0 => None,
        mark => {
            let name = part(&mut plain, mark - 1)?;
            Some(String::from_utf8(name.to_vec()).map_err(|_| Damage::Cut)?)
        }
    };
    let attributes = length(&mut plain)?;
    let attributes = part(&mut plain, attributes)?;
    Ok(Opened { body: plain, attributes, group })
}

fn length(plain: &mut Bytes) -> Result<usize, Damage> {
    let bytes = part(plain, 4)?;
    let mut length = [0; 4];
    length.copy_from_slice(&bytes);
    Ok(u32::from_be_bytes(length) as usize)
}

fn part(plain: &mut Bytes, length: usize) -> Result<Bytes, Damage> {
    if plain.len() < length { Err(Damage::Cut) } else { Ok(plain.split_to(length)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use types::Timestamp;

    fn message(body: Vec<u8>, attributes: Vec<u8>, group: Option<String>) -> NewMessage {
        NewMessage { attributes: attributes.into(), group, ..NewMessage::due_at(Timestamp(0), body) }
    }

    proptest! {
        #[test]
        fn every_message_round_trips_and_no_beginning_of_one_is_taken_for_it(
            body in prop::collection::vec(any::<u8>(), 0..40),
            attributes in prop::collection::vec(any::<u8>(), 0..40),
            group in prop::option::of(".{0,20}"),
        ) {
            let plain = encode(&message(body.clone(), attributes.clone(), group.clone()));
            let opened = decode(Bytes::from(plain.clone())).unwrap();
            prop_assert_eq!(opened, Opened { body: body.clone().into(), attributes: attributes.into(), group });
            for end in 0..plain.len() - body.len() {
                prop_assert!(decode(Bytes::copy_from_slice(&plain[..end])).is_err());
            }
        }

        #[test]
        fn nothing_that_was_opened_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(Bytes::from(bytes));
        }
    }

    /// The form that is on disks: it may be added to, never changed.
    #[test]
    fn form_1_is_read_for_ever() {
        let plain = b"\x01\x00\x00\x00\x03ab\x00\x00\x00\x02{}payload".as_slice();
        let opened = decode(Bytes::from_static(plain)).unwrap();
        assert_eq!(opened.group.as_deref(), Some("ab"));
        assert_eq!((&opened.attributes[..], &opened.body[..]), (&b"{}"[..], &b"payload"[..]));
        let same = message(b"payload".to_vec(), b"{}".to_vec(), Some("ab".to_owned()));
        assert_eq!(encode(&same), plain);
        assert!(matches!(decode(Bytes::from_static(b"\x02rest")), Err(Damage::Form(2))));
    }
}
