//! From a dynamic value to bytes, directed by the shapes.
//!
//! Invariant: what has no place in the shape is left out; null members are left out.

pub(crate) mod json;
pub(crate) mod rest;
pub(crate) mod xml;
