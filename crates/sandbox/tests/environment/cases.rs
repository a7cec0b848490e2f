//! The cases.

use crate::harness::{Bench, Case, Verdict};

pub fn privileged() -> Vec<Case> {
    vec![("root_hello", hello)]
}

pub fn rootless() -> Vec<Case> {
    vec![("rootless_hello", hello)]
}

fn hello(bench: &Bench) -> Verdict {
    eprintln!("{:#?}", bench.spawner.protections());
    let t = std::time::Instant::now();
    let s = bench.start(&["hello"]);
    eprintln!("created in {:?}", t.elapsed());
    let ended = crate::harness::finish(&s);
    eprintln!("{}\n{:?}", ended.output, ended.status);
    let t = std::time::Instant::now();
    drop(s);
    eprintln!("dropped in {:?}", t.elapsed());
    Verdict::Passed
}
