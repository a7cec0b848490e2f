//! From the dynamic value to plain structs and back.
//!
//! Invariant: a plain struct is made from a validated value; what is wrong after that is an error, never a default.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::error::ReadError;
use crate::schema::Operation;
use crate::time::Time;
use crate::value::{Fields, Value};

/// A built operation as a type.
pub trait Typed: Send + Sync + 'static {
    /// What it takes; `()` for nothing.
    type Input: Field + Send;
    /// What it answers; `()` for nothing.
    type Output: Field + Send;
    /// Its row in the table.
    const OPERATION: &'static Operation;

    /// The plain input; an error where a required member is missing or a value has another kind than the model says.
    fn read(value: Value) -> Result<Self::Input, ReadError> {
        Self::Input::from_value(value)
    }

    /// The answer as a dynamic value.
    fn write(output: Self::Output) -> Value {
        output.into_value()
    }
}

/// What can stand in a member of a plain struct.
pub trait Field: Sized {
    /// From the dynamic value.
    fn from_value(value: Value) -> Result<Self, ReadError>;
    /// To the dynamic value.
    fn into_value(self) -> Value;
}

macro_rules! scalar {
    ($kind:ty, $variant:ident, $expected:literal) => {
        impl Field for $kind {
            fn from_value(value: Value) -> Result<Self, ReadError> {
                match value {
                    Value::$variant(inner) => Ok(inner),
                    other => Err(ReadError::mismatch(&other, $expected)),
                }
            }

            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    };
}

scalar!(bool, Bool, "a truth value");
scalar!(i64, Int, "a whole number");
scalar!(String, String, "a text");
scalar!(Bytes, Blob, "bytes");

impl Field for f64 {
    fn from_value(value: Value) -> Result<Self, ReadError> {
        match value {
            Value::Float(number) => Ok(number),
            Value::Int(number) => Ok(number as f64),
            other => Err(ReadError::mismatch(&other, "a number")),
        }
    }

    fn into_value(self) -> Value {
        Value::Float(self)
    }
}

impl Field for Time {
    fn from_value(value: Value) -> Result<Self, ReadError> {
        match value {
            Value::Timestamp(millis) => Ok(Self(millis)),
            other => Err(ReadError::mismatch(&other, "a point in time")),
        }
    }

    fn into_value(self) -> Value {
        Value::Timestamp(self.0)
    }
}

impl Field for () {
    fn from_value(_: Value) -> Result<Self, ReadError> {
        Ok(())
    }

    fn into_value(self) -> Value {
        Value::Map(Fields::default())
    }
}

impl<T: Field> Field for Vec<T> {
    fn from_value(value: Value) -> Result<Self, ReadError> {
        match value {
            Value::List(values) => values.into_iter().map(T::from_value).collect(),
            other => Err(ReadError::mismatch(&other, "a list")),
        }
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: Field> Field for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, ReadError> {
        let entries = value.into_fields()?.into_iter();
        entries.map(|(name, value)| Ok((name.into_owned(), T::from_value(value)?))).collect()
    }

    fn into_value(self) -> Value {
        Value::Map(Fields::from_sorted(self.into_iter().map(|(name, value)| (name, value.into_value()))))
    }
}
