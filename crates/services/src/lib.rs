//! The companion services, one folder each: identity, tokens, logs.
