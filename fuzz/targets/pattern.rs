//! Feeds `pattern` of the entries.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz_entries::pattern(input));
