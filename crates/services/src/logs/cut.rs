//! From lines to chunks: gives events their numbers and times, and cuts what is too long for one record.

use super::page;
use super::place::LAST_TIME;
use super::records::{Chunk, StreamRecord};
use telemetry::LogLine;

/// A chunk holds so much text, unless it is a single line. In JSON a byte can become six.
const CHUNK_BYTES: usize = 128 * 1024;
/// The longest line; a longer one is cut. Source: "CloudWatch Logs quotas" (event size of 256 KB).
const LINE_BYTES: usize = 256 * 1024;

/// Numbers the lines and cuts them into chunks. A line is never earlier than the one before it: where the clock was set
/// back, it counts as of the same time.
pub(super) fn cut(stream: &mut StreamRecord, lines: Vec<LogLine>, now: i64) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut room = 0;
    for LogLine { at, message } in lines {
        stream.last_event = at.millis().clamp(stream.last_event, LAST_TIME);
        for text in parts(message) {
            let weight = page::weight(&text);
            if weight > room || chunks.is_empty() {
                chunks.push(Chunk {
                    ingested: now,
                    start: stream.last_event,
                    number: stream.events,
                    after: Vec::new(),
                    texts: Vec::new(),
                });
                room = CHUNK_BYTES;
            }
            room = room.saturating_sub(weight);
            stream.events += 1;
            if let Some(chunk) = chunks.last_mut() {
                chunk.after.push(stream.last_event.abs_diff(chunk.start));
                chunk.texts.push(text);
            }
        }
    }
    chunks
}

/// The message in parts of a kept length, cut between characters; nearly always the message itself.
fn parts(mut message: String) -> impl Iterator<Item = String> {
    let mut more = true;
    std::iter::from_fn(move || {
        if !more {
            return None;
        }
        more = message.len() > LINE_BYTES;
        let rest =
            if more { message.split_off(message.floor_char_boundary(LINE_BYTES)) } else { String::new() };
        Some(std::mem::replace(&mut message, rest))
    })
}
