//! The identifiers and secrets that the service makes up. Source: "IAM identifiers", unique identifiers.

use auth::SecretString;
use types::Random;

const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+";

/// Of a user: 21 characters.
pub(super) fn user(random: &dyn Random) -> String {
    format!("AIDA{}", random.text(BASE32, 17))
}

/// Of a role: 21 characters.
pub(super) fn role(random: &dyn Random) -> String {
    format!("AROA{}", random.text(BASE32, 17))
}

/// Of a managed policy: 21 characters.
pub(super) fn policy(random: &dyn Random) -> String {
    format!("ANPA{}", random.text(BASE32, 17))
}

/// Of an access key: `AKIA` and 16 more letters and digits.
pub fn access_key_id(random: &dyn Random) -> String {
    format!("AKIA{}", random.text(BASE32, 16))
}

/// Of a session's access key: `ASIA` and 16 more letters and digits.
pub(super) fn session_key_id(random: &dyn Random) -> String {
    format!("ASIA{}", random.text(BASE32, 16))
}

/// A session token: 128 characters, 768 random bits.
pub(super) fn session_token(random: &dyn Random) -> SecretString {
    SecretString::from(random.text(SECRET, 128))
}

/// A secret access key: 40 characters, 240 random bits.
pub fn secret_access_key(random: &dyn Random) -> SecretString {
    SecretString::from(random.text(SECRET, 40))
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth::ExposeSecret;

    struct Ramp(std::sync::atomic::AtomicU8);

    impl Random for Ramp {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn identifiers_have_the_services_form() {
        let random = Ramp(0.into());
        for (id, prefix, length) in [
            (user(&random), "AIDA", 21),
            (role(&random), "AROA", 21),
            (policy(&random), "ANPA", 21),
            (access_key_id(&random), "AKIA", 20),
        ] {
            assert!(id.starts_with(prefix) && id.len() == length, "{id}");
            assert!(id.bytes().all(|b| BASE32.contains(&b)), "{id}");
        }
        assert_eq!(secret_access_key(&random).expose_secret().len(), 40);
    }
}
