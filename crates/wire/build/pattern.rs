//! From the services' regular expressions, which are Java's, to the syntax of the crate `regex`.
//!
//! Invariant: `\w`, `\d` and `\s` mean ASCII, and `.` no line end of any kind, as they do there.

/// The same expression in the other syntax.
pub(crate) fn translate(pattern: &str) -> String {
    let mut out = String::new();
    let (mut letters, mut in_class) = (pattern.chars(), false);
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => escape(letters.next(), &mut out),
            '.' if !in_class => out.push_str(r"[^\n\r\u{85}\u{2028}\u{2029}]"),
            _ => {
                in_class = letter == '[' || (in_class && letter != ']');
                out.push(letter);
            }
        }
    }
    out
}

fn escape(letter: Option<char>, out: &mut String) {
    match letter {
        Some('w') => out.push_str("[0-9A-Za-z_]"),
        Some('W') => out.push_str("[^0-9A-Za-z_]"),
        Some('d') => out.push_str("[0-9]"),
        Some('D') => out.push_str("[^0-9]"),
        Some('s') => out.push_str(r"[ \t\n\x0B\x0C\r]"),
        Some('S') => out.push_str(r"[^ \t\n\x0B\x0C\r]"),
        other => {
            out.push('\\');
            out.extend(other);
        }
    }
}
