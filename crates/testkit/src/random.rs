//! Randomness that is the same in every run: the digests of a seed and a counter.

use auth::sigv4::hash;
use std::sync::atomic::{AtomicU64, Ordering};
use types::Random;

/// A reproducible source of bytes.
#[derive(Debug)]
pub struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Seeded {
    /// The source of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }

    fn block(&self) -> [u8; 32] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        hash([self.seed.to_le_bytes(), drawn.to_le_bytes()].concat().as_slice())
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            chunk.copy_from_slice(&self.block()[..chunk.len()]);
        }
    }
}
