//! Randomness, as a thing that is handed in.

/// A source of random bytes that are fit for identifiers and secrets. The only implementation that reads the system's
/// generator is in `bin/lambent`.
pub trait Random: Send + Sync {
    /// Fills the buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Random + '_ {
    /// `count` random characters of the alphabet, each as likely as the others.
    ///
    /// The alphabet has 1 to 256 single-byte characters.
    pub fn text(&self, alphabet: &[u8], count: usize) -> String {
        let fair = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(count);
        while text.len() < count {
            let mut bytes = [0; 64];
            self.fill(&mut bytes);
            let picks = bytes.iter().map(|b| usize::from(*b)).filter(|b| *b < fair);
            text.extend(picks.take(count - text.len()).map(|b| char::from(alphabet[b % alphabet.len()])));
        }
        text
    }

    /// `count` random lower-case hexadecimal digits.
    pub fn hex(&self, count: usize) -> String {
        self.text(b"0123456789abcdef", count)
    }

    /// A random UUID (version 4), as 128 bits.
    pub fn uuid(&self) -> u128 {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        u128::from_be_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);

    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn texts_have_the_asked_length_and_alphabet() {
        let random: &dyn Random = &Counting(AtomicU8::new(200));
        for count in [0, 1, 40, 500] {
            let text = random.text(b"xyz", count);
            assert_eq!(text.len(), count);
            assert!(text.bytes().all(|b| b"xyz".contains(&b)));
        }
    }

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        let random: &dyn Random = &Counting(AtomicU8::new(0));
        let bytes = random.uuid().to_be_bytes();
        assert_eq!((bytes[6] >> 4, bytes[8] >> 6), (4, 2));
    }
}
