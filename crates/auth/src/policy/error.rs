//! What is wrong with a policy document: one variant per cause, in IAM's words.

use crate::messages::policy as text;

/// Why a policy document is refused. Displays as IAM's message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than any document may be.
    #[error("{}", text::TOO_LONG)]
    TooLong,
    /// Not JSON, or not the JSON of a policy.
    #[error("{}", text::SYNTAX)]
    Syntax,
    /// A trust policy that is not JSON.
    #[error("{}", text::TRUST_JSON)]
    NotJson,
    /// Version is missing or old.
    #[error("{}", text::VERSION)]
    Version,
    /// Version of a trust policy is none that exists.
    #[error("{}", text::TRUST_VERSION)]
    TrustVersion,
    /// Effect is neither `Allow` nor `Deny`, though nearly.
    #[error("{}", text::LEGACY)]
    Legacy,
    /// Two statements have the same Sid.
    #[error("{}", text::SID_UNIQUE)]
    DuplicateSid,
    /// A Sid has other characters than letters and digits.
    #[error("{}", text::SID_ALPHANUMERIC)]
    SidNotAlphanumeric,
    /// A statement without Action and NotAction.
    #[error("{}", text::ACTIONS)]
    NoActions,
    /// A statement without Resource and NotResource.
    #[error("{}", text::RESOURCES)]
    NoResources,
    /// An identity policy names a principal.
    #[error("{}", text::PRINCIPAL_PRESENT)]
    PrincipalPresent,
    /// A resource is neither `*` nor an ARN; holds the resource.
    #[error("{}", text::resource(.0))]
    Resource(String),
    /// An action without `service:`.
    #[error("{}", text::VENDOR_MISSING)]
    VendorMissing,
    /// An action with two colons.
    #[error("{}", text::COLONS)]
    Colons,
    /// What stands before an action's colon is no service; holds it.
    #[error("{}", text::vendor(.0))]
    Vendor(String),
    /// A trust policy's statement without Effect.
    #[error("{}", text::TRUST_EFFECT_MISSING)]
    TrustEffectMissing,
    /// A statement without Principal, where one must be.
    #[error("{}", text::PRINCIPAL_MISSING)]
    PrincipalMissing,
    /// A statement with an empty Principal.
    #[error("{}", text::PRINCIPAL_EMPTY)]
    PrincipalEmpty,
    /// A resource policy with NotPrincipal.
    #[error("{}", text::NOT_PRINCIPAL)]
    NotPrincipal,
    /// A trust policy with NotPrincipal.
    #[error("{}", text::TRUST_NOT_PRINCIPAL)]
    TrustNotPrincipal,
    /// A principal that is none; holds its kind and value.
    #[error("{}", text::principal(.0, .1))]
    Principal(&'static str, String),
    /// A trust policy's statement without Action.
    #[error("{}", text::TRUST_ACTION_MISSING)]
    TrustActionMissing,
    /// A trust policy speaks of other actions than those of STS.
    #[error("{}", text::TRUST_ACTION)]
    TrustAction,
    /// A trust policy names resources.
    #[error("{}", text::TRUST_RESOURCE)]
    TrustResource,
}

impl PolicyError {
    /// IAM's error code; the status is 400.
    pub fn code(&self) -> &'static str {
        "MalformedPolicyDocument"
    }
}
