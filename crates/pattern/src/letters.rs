//! Texts whose letters may be of either case.
//!
//! A letter of the pattern takes itself, its one-letter lower case and its one-letter upper case; `ß` takes no `SS`.
//! Source: "equals-ignore-case" compares letter by letter in `event-ruler` too.

use std::iter;

/// A text of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letters(Box<[Letter]>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Letter {
    lower: char,
    written: char,
    upper: char,
}

impl Letter {
    fn of(written: char) -> Self {
        let lower = only(written.to_lowercase()).unwrap_or(written);
        Self { lower, written, upper: only(written.to_uppercase()).unwrap_or(written) }
    }

    fn takes(self, letter: char) -> bool {
        letter == self.written || letter == self.lower || letter == self.upper
    }
}

fn only(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

impl Letters {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.chars().map(Letter::of).collect())
    }

    pub(crate) fn equal(&self, text: &str) -> bool {
        let mut letters = text.chars();
        begin(self.0.iter(), &mut letters) && letters.next().is_none()
    }

    pub(crate) fn begin(&self, text: &str) -> bool {
        begin(self.0.iter(), &mut text.chars())
    }

    pub(crate) fn end(&self, text: &str) -> bool {
        begin(self.0.iter().rev(), &mut text.chars().rev())
    }
}

fn begin<'l>(pattern: impl Iterator<Item = &'l Letter>, text: &mut impl Iterator<Item = char>) -> bool {
    iter::zip(pattern, iter::from_fn(|| Some(text.next())))
        .all(|(letter, given)| given.is_some_and(|given| letter.takes(given)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_takes_its_one_letter_cases() {
        assert!(Letters::of("Straße Ä").equal("sTRAßE ä"));
        assert!(!Letters::of("ß").equal("SS"));
        assert!(!Letters::of("k").equal("\u{212a}"), "the sign of Kelvin is no upper case of k");
        assert!(Letters::of("").equal("") && !Letters::of("").equal("a") && !Letters::of("a").equal(""));
    }

    #[test]
    fn ends_are_compared_from_the_end() {
        assert!(Letters::of(".PnG").end("a.png") && Letters::of("AWS.").begin("aws.ec2"));
        assert!(!Letters::of("long").end("ng") && !Letters::of("long").begin("lo"));
    }
}
