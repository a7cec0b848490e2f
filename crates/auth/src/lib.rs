//! SigV4 verification and signing, and policy evaluation, as pure functions.
