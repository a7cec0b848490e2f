//! Envelope encryption and the root key; the only place that holds key bytes.
