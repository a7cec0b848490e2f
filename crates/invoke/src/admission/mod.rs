//! How many invocations may run: counted by account and function, limited by what the store says.

pub(crate) mod loads;
mod running;
mod stored_number;

pub(crate) use running::{AccountLoad, Admission, FunctionLoad, Limits};
