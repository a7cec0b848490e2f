//! The AWS protocols: one dynamic value, one table of operations and shapes, one codec per protocol.
