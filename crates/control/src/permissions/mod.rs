//! Resource policies: who else may use a function, a version, an alias or a layer version. One file per operation.
//!
//! A policy is stored statement by statement, each as the text that its owner was shown. Nothing here decides who may do
//! what: that is the pipeline's business, which reads the same records.
//! Invariant: a policy is written in one transaction with its audit record, on condition that what it belongs to is there
//! still; so no policy waits for a later function of the same name.

mod add;
mod get;
mod grantee;
mod holder;
mod layer_add;
mod layer_get;
mod layer_remove;
mod policy;
mod remove;
mod statement;
