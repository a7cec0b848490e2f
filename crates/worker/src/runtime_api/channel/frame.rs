//! Frames as bytes, both ways: pure functions.
//!
//! Invariant: a frame of a runtime that is longer than its kind may be is refused by its first eight bytes.

use super::super::meaning::{DISCARDED_BYTES, ERROR_TYPE_CHARACTERS, Objection};
use super::VERSION;
use crate::Invocation;
use crate::environment::desk::Delivery;
use bytes::{BufMut as _, Bytes, BytesMut};
use types::RequestId;

/// Every frame begins with: kind `u8`, zero `u8`, bytes of fields `u16`, bytes of payload `u32`; big-endian.
pub(super) const HEAD_BYTES: usize = 8;
/// A request's id as text.
const ID_BYTES: usize = 36;
/// Before the version in a runtime's first frame.
const MAGIC: &[u8] = b"LMBT";
/// Longest content type.
const CONTENT_TYPE_BYTES: usize = 255;
/// Longest single text about an invocation; what is longer is left out. Four of them fit into a frame's fields.
const TEXT_BYTES: usize = 16_000;

const INVOKE: u8 = 0x81;
const REFUSED: u8 = 0x82;

/// What a runtime's frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first: which protocol it speaks.
    Hello,
    /// It asks for work.
    Next,
    /// It answers.
    Response,
    /// It answers with an error.
    Error,
    /// It can't initialise.
    InitError,
}

/// The beginning of a runtime's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    /// Bytes of fields.
    pub(super) fields: usize,
    /// Bytes of payload.
    pub(super) payload: usize,
}

/// What a runtime says, its payload apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Hello,
    Next,
    Response {
        /// None where it isn't an id at all.
        id: Option<RequestId>,
        content_type: Option<String>,
    },
    Error {
        id: Option<RequestId>,
        error_type: Option<String>,
    },
    InitError {
        error_type: Option<String>,
    },
}

/// How a runtime broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("a frame is of no known kind ({0})")]
    UnknownKind(u8),
    #[error("the second byte of a frame is not zero")]
    Reserved,
    #[error("a frame's fields are of {0} bytes, which its kind can't have")]
    Fields(usize),
    #[error("a frame's payload is of {0} bytes, which its kind can't have")]
    Payload(usize),
    #[error("the first frame is not a greeting")]
    NoHello,
    #[error("a second greeting")]
    SecondHello,
    #[error("the greeting is of another protocol or version")]
    Version,
    #[error("the channel ended inside a frame")]
    Cut,
}

impl Head {
    /// Reads a head, and holds its lengths to what its kind may have.
    pub(super) fn read(bytes: [u8; HEAD_BYTES]) -> Result<Self, Violation> {
        let [kind, reserved, f1, f0, p3, p2, p1, p0] = bytes;
        let (kind, fields, most) = match kind {
            1 => (Kind::Hello, 6..=6, 0),
            2 => (Kind::Next, 0..=0, 0),
            3 => (Kind::Response, ID_BYTES..=ID_BYTES + CONTENT_TYPE_BYTES, DISCARDED_BYTES),
            4 => (Kind::Error, ID_BYTES..=ID_BYTES + ERROR_TYPE_CHARACTERS, DISCARDED_BYTES),
            5 => (Kind::InitError, 0..=ERROR_TYPE_CHARACTERS, DISCARDED_BYTES),
            unknown => return Err(Violation::UnknownKind(unknown)),
        };
        if reserved != 0 {
            return Err(Violation::Reserved);
        }
        let length = usize::from(u16::from_be_bytes([f1, f0]));
        if !fields.contains(&length) {
            return Err(Violation::Fields(length));
        }
        let payload = u32::from_be_bytes([p3, p2, p1, p0]) as usize;
        if payload > most {
            return Err(Violation::Payload(payload));
        }
        Ok(Self { kind, fields: length, payload })
    }
}

impl Word {
    /// Reads the fields of a frame whose head was read.
    pub(super) fn read(kind: Kind, fields: &[u8]) -> Result<Self, Violation> {
        Ok(match kind {
            Kind::Hello => {
                let greeting = fields.split_at_checked(MAGIC.len());
                if greeting != Some((MAGIC, &VERSION.to_be_bytes())) {
                    return Err(Violation::Version);
                }
                Self::Hello
            }
            Kind::Next => Self::Next,
            Kind::Response => {
                let (id, content_type) = with_id(fields)?;
                Self::Response { id, content_type }
            }
            Kind::Error => {
                let (id, error_type) = with_id(fields)?;
                Self::Error { id, error_type }
            }
            Kind::InitError => Self::InitError { error_type: visible(fields) },
        })
    }
}

/// An id and the text behind it.
fn with_id(fields: &[u8]) -> Result<(Option<RequestId>, Option<String>), Violation> {
    let (id, text) = fields.split_at_checked(ID_BYTES).ok_or(Violation::Fields(fields.len()))?;
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
    Ok((id, visible(text)))
}

/// A text that may become a header field: what isn't fit for one is left out, as on the other front.
fn visible(text: &[u8]) -> Option<String> {
    let fit = !text.is_empty() && text.iter().all(|byte| (0x20..=0x7E).contains(byte));
    if fit { String::from_utf8(text.to_vec()).ok() } else { None }
}

/// An invocation: head and fields, and the payload that follows them.
pub(super) fn invocation(delivery: Delivery) -> (BytesMut, Bytes) {
    let Delivery { invocation, deadline } = delivery;
    let Invocation { request_id, payload, invoked_arn, trace_id, client_context, cognito_identity, .. } =
        invocation;
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    let texts = [Some(invoked_arn), trace_id, client_context, cognito_identity]
        .map(|text| text.filter(|text| text.len() <= TEXT_BYTES).unwrap_or_default());
    let fields = ID_BYTES + 8 + 2 * texts.len() + texts.iter().map(String::len).sum::<usize>();
    let mut frame = head(INVOKE, fields, payload.len());
    // 36 characters, always.
    frame.put_slice(request_id.to_string().as_bytes());
    frame.put_i64(deadline.millis());
    for text in &texts {
        frame.put_u16(text.len() as u16);
    }
    for text in &texts {
        frame.put_slice(text.as_bytes());
    }
    (frame, payload)
}

/// Something that the runtime said was not taken.
pub(super) fn refused(objection: &Objection) -> BytesMut {
    let mut frame = head(REFUSED, 2 + objection.kind.len(), objection.message.len());
    frame.put_u16(objection.status.as_u16());
    frame.put_slice(objection.kind.as_bytes());
    frame.put_slice(objection.message.as_bytes());
    frame
}

/// The lengths are those of our own frames, which fit: see [`TEXT_BYTES`], and a payload is at most some megabytes.
fn head(kind: u8, fields: usize, payload: usize) -> BytesMut {
    let mut frame = BytesMut::with_capacity(HEAD_BYTES + fields + SMALL_BYTES.min(payload));
    frame.put_u8(kind);
    frame.put_u8(0);
    frame.put_u16(fields as u16);
    frame.put_u32(payload as u32);
    frame
}

/// A payload up to here is copied behind its head rather than written from where it lies.
pub(super) const SMALL_BYTES: usize = 16 * 1024;
