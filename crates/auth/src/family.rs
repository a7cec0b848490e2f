//! The two vocabularies of error codes. Services that speak JSON say `InvalidSignatureException` where services that
//! speak the query protocol say `SignatureDoesNotMatch`.

/// Which vocabulary of error codes a service uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// restJson1, awsJson and rpcv2Cbor: Lambda, CloudWatch Logs, …
    Json,
    /// awsQuery: IAM, STS.
    Query,
}
