//! `CodeSha256`: how the service names the contents of a package.

use base64::Engine as _;

/// Base64 of the SHA-256 of the zip as given: `CodeSha256` in a function's configuration.
pub fn sha256_base64(zip: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, zip);
    base64::engine::general_purpose::STANDARD.encode(digest)
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_base64_of_the_digest() {
        assert_eq!(super::sha256_base64(b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
