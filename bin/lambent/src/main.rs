//! The `lambent` command: composition root, no logic.

fn main() {}
