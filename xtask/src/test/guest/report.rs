//! What the guest's init writes to its serial port, split into one output for each situation.
//!
//! Invariant: a situation that began and didn't finish has failed, as has a guest that didn't say that it ended.

use std::time::Duration;

use crate::program::Finished;

/// The first line: from here on it is not the boot that fails.
pub(super) const READY: &str = "guest ready ";
const BEGINS: &str = "guest begins ";
const FINISHED: &str = "guest finished ";
const ENDED: &str = "guest ended";

/// Whose tests run, by the names that the guest gives them.
pub(super) const SITUATIONS: [&str; 4] = ["unit", "root", "delegated", "rootless"];

/// The name and the output of each, in their order.
pub(super) fn sections(text: &str, all: Duration) -> Result<Vec<(String, Finished)>, String> {
    let mut sections: Vec<(String, Finished)> = Vec::new();
    let mut has_ended = false;
    for line in text.lines().map(|line| line.trim_end_matches('\r')) {
        if let Some(name) = line.strip_prefix(BEGINS) {
            let unfinished = Finished { status: None, output: String::new(), took: all };
            sections.push((name.to_owned(), unfinished));
        } else if let Some((_, finished)) = sections.last_mut() {
            match line.strip_prefix(FINISHED) {
                Some(rest) => (finished.status, finished.took) = read_end(rest),
                None => finished.output += &format!("{line}\n"),
            }
        }
        has_ended |= line == ENDED;
    }
    if let Some(why) = text.lines().find_map(|line| line.strip_prefix("guest failed: ")) {
        return Err(format!("the guest's init: {why}"));
    }
    if !has_ended && sections.last().is_none_or(|(_, last)| last.status.is_some()) {
        return Err("the guest ended without a word".to_owned());
    }
    Ok(sections)
}

/// `root: exit status: 0 after 12.5 s`; a signal has no such status.
fn read_end(text: &str) -> (Option<i32>, Duration) {
    let after = |mark: &str| text.split_once(mark).map_or("", |(_, rest)| rest);
    let status = after("exit status: ").split(' ').next().and_then(|number| number.parse().ok());
    let seconds = after(" after ").trim_end_matches(" s").parse().unwrap_or(0.0);
    (status, Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Duration = Duration::from_secs(100);

    #[test]
    fn each_situation_has_its_own_output_and_time() {
        let text = "guest ready 6.1\r\nguest begins unit\r\ntest a ... ok\r\n\
            guest finished unit: exit status: 0 after 2.5 s\r\nguest begins root\r\n\
            test b ... FAILED\r\nguest finished root: exit status: 1 after 3.0 s\r\nguest ended\r\n";
        let found = sections(text, ALL).expect("two sections");
        assert_eq!(found.len(), 2);
        let (name, unit) = &found[0];
        assert_eq!((name.as_str(), unit.status, unit.took.as_millis()), ("unit", Some(0), 2500));
        assert_eq!(unit.output, "test a ... ok\n");
        assert!(!found[1].1.succeeded());
    }

    #[test]
    fn what_breaks_off_has_failed() {
        let text = "guest ready 6.1\nguest begins root\ntest b ... ok\n";
        let found = sections(text, ALL).expect("a section");
        assert_eq!((found[0].1.status, found[0].1.took), (None, ALL));
        assert!(sections("guest ready 6.1\n", ALL).is_err());
        assert!(sections("guest failed: no modules\nguest ended\n", ALL).is_err());
    }
}
