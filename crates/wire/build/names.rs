//! From the services' names to Rust's.

const KEYWORDS: [&str; 6] = ["type", "match", "ref", "use", "static", "enum"];

/// A member's field: `KMSKeyArn` → `kms_key_arn`, `S3Bucket` → `s3_bucket`.
pub(crate) fn field(member: &str) -> String {
    let letters: Vec<char> = member.chars().collect();
    let mut name = String::new();
    for (at, letter) in letters.iter().enumerate() {
        if letter.is_ascii_uppercase() && begins_word(&letters, at) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

/// A capital begins a word after a small letter or a digit, and where a row of capitals ends.
fn begins_word(letters: &[char], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| letters[before]) else { return false };
    let ends_row = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
    !before.is_ascii_uppercase() || ends_row
}

/// A shape's struct: the first letter in upper case.
pub(crate) fn type_name(shape: &str) -> String {
    let mut letters = shape.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
