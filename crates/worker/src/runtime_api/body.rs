//! Reading what a runtime sends, up to a bound.

use super::meaning::DISCARDED_BYTES;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// What became of a body.
#[derive(Debug)]
pub(crate) enum Received {
    /// All of it, and the trailers that followed.
    Whole(Bytes, Option<HeaderMap>),
    /// More than the bound.
    TooLarge,
    /// The connection broke before its end.
    Truncated,
}

/// Reads a body of at most `limit` bytes, with a length or chunked.
pub(crate) async fn receive(mut body: Incoming, limit: usize) -> Received {
    let mut whole = Gathered::default();
    let mut trailers = None;
    let announced = body.size_hint().exact().unwrap_or(0);
    let mut surplus = if announced > limit as u64 { Some(0) } else { None };
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Received::Truncated };
        match frame.into_data() {
            Ok(data) => {
                if surplus.is_none() && whole.len() + data.len() > limit {
                    surplus = Some(whole.len());
                    whole = Gathered::default();
                }
                match &mut surplus {
                    None => whole.push(data),
                    Some(seen) => {
                        *seen += data.len();
                        if *seen > DISCARDED_BYTES {
                            return Received::TooLarge;
                        }
                    }
                }
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    if surplus.is_some() { Received::TooLarge } else { Received::Whole(whole.finish(), trailers) }
}

/// Chunks in a row; the usual single one is never copied.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    more: BytesMut,
}

impl Gathered {
    fn len(&self) -> usize {
        if self.more.is_empty() { self.first.len() } else { self.more.len() }
    }

    fn push(&mut self, data: Bytes) {
        if self.len() == 0 {
            self.first = data;
            return;
        }
        if self.more.is_empty() {
            self.more.reserve(2 * (self.first.len() + data.len()));
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.more.extend_from_slice(&data);
    }

    fn finish(self) -> Bytes {
        if self.more.is_empty() { self.first } else { self.more.freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_put_together_in_order() {
        let mut whole = Gathered::default();
        for chunk in ["", "ab", "", "c", "def"] {
            whole.push(Bytes::from_static(chunk.as_bytes()));
        }
        assert_eq!(whole.len(), 6);
        assert_eq!(whole.finish(), "abcdef");
    }
}
