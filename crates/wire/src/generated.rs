//! Plain structs and operation markers of the built operations, one module per service, made by the build script.

macro_rules! service {
    ($name:ident, $file:literal, $doc:literal) => {
        #[doc = $doc]
        pub mod $name {
            #![allow(
                unused_imports,
                reason = "which of these a service needs depends on its built operations"
            )]
            use std::collections::BTreeMap;

            use bytes::Bytes;

            use crate::error::ReadError;
            use crate::schema::Operation;
            use crate::table;
            use crate::time::Time;
            use crate::typed::{Field, Typed};
            use crate::value::{Fields, Value};

            include!(concat!(env!("OUT_DIR"), "/", $file));
        }
    };
}

service!(lambda, "lambda_structs.rs", "Built operations of Lambda.");
service!(iam, "iam_structs.rs", "Built operations of IAM.");
service!(sts, "sts_structs.rs", "Built operations of STS.");
service!(sqs, "sqs_structs.rs", "Built operations of SQS.");
service!(logs, "logs_structs.rs", "Built operations of CloudWatch Logs.");
