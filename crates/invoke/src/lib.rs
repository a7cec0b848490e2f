//! The data plane: admission, routing and invocation.
