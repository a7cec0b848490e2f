//! The tables that the build script makes from `models/`, and the list of services.
//!
//! Invariant: everything that a model has is here, whether it is built or not; only built operations have structs.

use crate::schema::{
    ErrorShape, Kind, Location, Member, Operation, Pattern, Protocol, Segment, Service, Shape,
};

include!(concat!(env!("OUT_DIR"), "/lambda_table.rs"));
include!(concat!(env!("OUT_DIR"), "/iam_table.rs"));
include!(concat!(env!("OUT_DIR"), "/sts_table.rs"));
include!(concat!(env!("OUT_DIR"), "/logs_table.rs"));
include!(concat!(env!("OUT_DIR"), "/sqs_table.rs"));

static SERVICES: [&Service; 5] = [&LAMBDA, &IAM, &STS, &LOGS, &SQS];

/// All services that have a model.
pub fn services() -> &'static [&'static Service] {
    &SERVICES
}

/// The service that a signature's credential scope names.
pub fn service_by_signing_name(name: &str) -> Option<&'static Service> {
    services().iter().copied().find(|service| service.signing_name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        let all = [&LAMBDA_PATTERNS[..], &IAM_PATTERNS, &STS_PATTERNS, &LOGS_PATTERNS];
        let broken = all.into_iter().flatten().filter(|pattern| pattern.compiled().is_none());
        assert_eq!(broken.map(|pattern| pattern.printed).collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn rows_are_sorted_so_that_they_can_be_searched() {
        for service in services() {
            assert!(service.operations.is_sorted_by_key(|operation| operation.name), "{}", service.name);
            assert!(service.shapes.is_sorted_by_key(|shape| shape.name), "{}", service.name);
            assert!(service.errors.is_sorted_by_key(|error| error.code), "{}", service.name);
            let codes = service.query_codes.unwrap_or_default();
            assert!(codes.is_sorted(), "{}", service.name);
        }
    }
}
