//! Links to code packages that work without credentials for a short time.
//!
//! Source: `Code.Location` of GetFunction, "a pre-signed URL … valid for 10 minutes". The signing key lives as long as
//! the process: a link from before a restart is refused.

use crate::budget::{Budget, Share};
use crate::call::Call;
use crate::encode::{self, Answer};
use crate::messages;
use auth::sigv4::{self, Expected, PayloadRule, SignedRequest, Signer, SigningKey};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use std::sync::Arc;
use types::limits::CODE_ZIPPED_BYTES;
use types::{AccountId, BoxFuture, Random, Region, ServiceError, Timestamp};

/// Where downloads live on the platform's port.
const PREFIX: &str = "/lambent/code/";
const KEY_ID: &str = "LAMBENTDOWNLOADS";
const SERVICE: &str = "lambent-download";
/// How long a link is good for, in seconds.
const VALID_SECONDS: u32 = 600;

/// Hands out the bytes behind a link. The id is what the link was issued for.
pub trait FetchDownload: Send + Sync {
    /// The bytes, or `None` when they are gone.
    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Bytes>, ServiceError>>;
}

/// A package while it is being sent: many slow readers hold no more memory than all bodies may.
struct Held {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Issues links and checks them.
pub struct Downloads {
    secret: SecretString,
    region: Region,
    source: Arc<dyn FetchDownload>,
}

impl Downloads {
    /// With a fresh signing key.
    pub fn new(random: &dyn Random, region: Region, source: Arc<dyn FetchDownload>) -> Self {
        Self { secret: SecretString::from(random.hex(64)), region, source }
    }

    /// A link to `id` (letters, digits and hyphens) under the endpoint by which the client reached us. What is read by it
    /// counts for the account that asked.
    pub fn link(&self, endpoint: &str, asking: AccountId, id: &str, now: Timestamp) -> String {
        let host = endpoint.trim_start_matches("http://").trim_start_matches("https://");
        let path = format!("{PREFIX}{asking}/{id}");
        let signer = Signer {
            access_key_id: KEY_ID,
            secret: &self.secret,
            session_token: None,
            region: self.region.as_str(),
            service: SERVICE,
        };
        // Only a host that can't stand in a header makes this fail, and the endpoint was read from one.
        let query = sigv4::presign(&signer, "GET", host, &path, "", VALID_SECONDS, now).unwrap_or_default();
        format!("{endpoint}{path}?{query}")
    }

    /// Whether a request asks for a download.
    pub(crate) fn owns(call: &Call) -> bool {
        call.path().starts_with(PREFIX)
    }

    /// Answers a download.
    pub(crate) async fn serve(&self, call: &Call, budget: &Budget) -> Answer {
        match self.fetch(call, budget).await {
            Ok(bytes) => {
                let mut response = Response::new(Full::new(bytes));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
                response
            }
            Err(error) => encode::error(None, &error, call.id),
        }
    }

    async fn fetch(&self, call: &Call, budget: &Budget) -> Result<Bytes, ServiceError> {
        let named = call.path().strip_prefix(PREFIX).and_then(|named| named.split_once('/'));
        let (asking, id) = named.ok_or_else(messages::bad_link)?;
        let asking: AccountId = asking.parse().map_err(|_| messages::bad_link())?;
        self.check(call).ok_or_else(messages::bad_link)?;
        let mut share = Share::default();
        let room = budget.of(asking).extend(&mut share, CODE_ZIPPED_BYTES as usize).await;
        room.ok_or_else(|| messages::busy(encode::lambda()))?;
        let bytes = self.source.fetch(id).await?.ok_or_else(messages::bad_link)?;
        share.shrink(bytes.len());
        Ok(Bytes::from_owner(Held { bytes, _share: share }))
    }

    fn check(&self, call: &Call) -> Option<()> {
        let request = SignedRequest {
            method: call.parts.method.as_str(),
            path: call.path(),
            query: call.query(),
            headers: &call.parts.headers,
        };
        let claim = sigv4::claim(&request).ok()??;
        if claim.access_key_id != KEY_ID || claim.expires.is_none() {
            return None;
        }
        let key = SigningKey::derive(&self.secret, &claim.scope.date, self.region.as_str(), SERVICE);
        let expected =
            Expected { region: self.region.as_str(), service: SERVICE, payload: PayloadRule::MustBeSigned };
        sigv4::verify(&claim, &request, &sigv4::hash(b""), &key, &expected, call.now).ok().map(|_| ())
    }
}
