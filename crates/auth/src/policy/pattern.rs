//! Wildcards: `*` stands for any text, colons and slashes included, and `?` for any one character.

/// Whether letters of the other case are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// They are not.
    Sensitive,
    /// They are.
    Insensitive,
}

/// A text with wildcards, ready to be compared without allocating.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    case: Case,
}

impl Pattern {
    /// From its text; every text is one.
    pub fn new(text: &str, case: Case) -> Self {
        Self { text: text.into(), case }
    }

    /// Whether the whole text is one that it stands for. At most `pattern × text` steps.
    pub fn matches(&self, text: &str) -> bool {
        match &*self.text {
            "*" => true,
            pattern => glob(pattern.as_bytes(), text.as_bytes(), self.case),
        }
    }
}

/// Goes forward; after a mismatch it lets the last `*` swallow one more character and tries again.
fn glob(pattern: &[u8], text: &[u8], case: Case) -> bool {
    let same = |a: u8, b: u8| match case {
        Case::Sensitive => a == b,
        Case::Insensitive => a.eq_ignore_ascii_case(&b),
    };
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(b'?') => {
                at += 1;
                from += character(text, from);
            }
            Some(byte) if same(*byte, text[from]) => {
                at += 1;
                from += 1;
            }
            _ => match star {
                None => return false,
                Some((after, swallowed)) => {
                    let next = swallowed + character(text, swallowed);
                    star = Some((after, next));
                    (at, from) = (after, next);
                }
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// How many bytes the character at `from` has.
fn character(text: &[u8], from: usize) -> usize {
    1 + text[from + 1..].iter().take_while(|byte| **byte & 0xc0 == 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, spelled out: exponential, but obviously right.
    fn oracle(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(('*', rest)), _) => (0..=text.len()).any(|taken| oracle(rest, &text[taken..])),
            (Some(_), None) => false,
            (Some(('?', rest)), Some((_, tail))) => oracle(rest, tail),
            (Some((a, rest)), Some((b, tail))) => a == b && oracle(rest, tail),
        }
    }

    #[test]
    fn wildcards_cross_colons_and_slashes() {
        let function = "arn:aws:lambda:us-east-1:000000000000:function:echo";
        for (pattern, expected) in [
            ("*", true),
            ("arn:aws:lambda:*", true),
            ("arn:*:function:ech?", true),
            ("arn:*:function:ech", false),
            ("*echo?", false),
            ("arn:aws:lambda:us-east-1:000000000000:function:ECHO", false),
            ("", false),
        ] {
            assert_eq!(Pattern::new(pattern, Case::Sensitive).matches(function), expected, "{pattern}");
        }
        assert!(Pattern::new("LAMBDA:invoke*", Case::Insensitive).matches("lambda:InvokeFunction"));
        assert!(Pattern::new("?", Case::Sensitive).matches("ሴ"));
        assert!(Pattern::new("**", Case::Sensitive).matches(""));
    }

    proptest! {
        #[test]
        fn the_matcher_agrees_with_the_definition(pattern in "[ab?*ሴ]{0,9}", text in "[abሴ:]{0,9}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = oracle(&chars(&pattern), &chars(&text));
            prop_assert_eq!(Pattern::new(&pattern, Case::Sensitive).matches(&text), expected);
        }
    }
}
