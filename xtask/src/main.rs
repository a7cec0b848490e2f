//! Everything that a developer of Lambent runs.

fn main() {}
