//! Every input of the kept corpora once more, so that what a fuzzer found stays found.

use std::path::Path;

#[test]
fn the_corpora_break_nothing() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (name, entry) in fuzz_entries::ALL {
        let inputs = std::fs::read_dir(corpora.join(name)).unwrap_or_else(|e| panic!("corpus {name}: {e}"));
        let mut count = 0;
        for input in inputs {
            let path = input.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            let outcome = std::panic::catch_unwind(|| entry(&bytes));
            assert!(outcome.is_ok(), "{} breaks {name}", path.display());
            count += 1;
        }
        assert!(count >= 5, "the corpus {name} has only {count} inputs");
    }
}

/// The protocol changes with the code, and so do its valid inputs: `LAMBENT_WRITE_CORPUS=1` puts them into the corpus.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the corpus is written")]
fn valid_messages_of_the_spawner_are_taken() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/spawner_protocol");
    for (number, seed) in fuzz_entries::spawner_protocol_seeds().iter().enumerate() {
        fuzz_entries::spawner_protocol(seed);
        if std::env::var_os("LAMBENT_WRITE_CORPUS").is_some() {
            std::fs::write(corpus.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}
