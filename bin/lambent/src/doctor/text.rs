//! The report for people, on 80 to 120 columns.
//!
//! Invariant: what failed is said last, with what to do about it, because that is what a terminal still shows.

use super::host::Host;
use super::json::mode;
use super::report::{Report, Row, Tried, Verdict};
use super::wrap::wrap;
use crate::cli::DoctorArguments;
use crate::remedies::{BREACH, remedy};
use sandbox::attacks::Finding;
use sandbox::{Need, need};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::ops::RangeInclusive;

/// Columns that the text is made for; where nobody says how many there are, the largest.
const WIDTHS: RangeInclusive<usize> = 80..=120;
/// Columns of the first two columns.
const NAME: usize = 21;
const WORD: usize = 10;

/// How it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) width: usize,
    /// Whether each attack is listed.
    pub(super) verbose: bool,
}

impl Layout {
    pub(super) fn of(arguments: &DoctorArguments) -> Self {
        let out = std::io::stdout();
        let columns = if out.is_terminal() { rustix::termios::tcgetwinsize(&out).ok() } else { None };
        let columns = columns.map_or(*WIDTHS.end(), |size| usize::from(size.ws_col));
        Self { width: columns.clamp(*WIDTHS.start(), *WIDTHS.end()), verbose: arguments.verbose }
    }
}

/// All of it.
pub(super) fn write(report: &Report, host: &Host, layout: &Layout) -> String {
    let mut page = Page { text: String::new(), layout: *layout };
    page.protections(report);
    page.host(host);
    page.not_enforceable(report);
    page.missing(report);
    page.broken(report);
    page.sums(report);
    page.text.trim_end().to_owned()
}

struct Page {
    text: String,
    layout: Layout,
}

impl Page {
    fn line(&mut self, text: &str) {
        // Writing to a String doesn't fail.
        let _ = writeln!(self.text, "{text}");
    }

    /// A text behind a head, its further lines below its own beginning.
    fn hanging(&mut self, head: &str, text: &str) {
        let indent = head.chars().count();
        for (number, line) in wrap(text, self.layout.width.saturating_sub(indent)).iter().enumerate() {
            let head = if number == 0 { head.to_owned() } else { " ".repeat(indent) };
            self.line(format!("{head}{line}").trim_end());
        }
    }

    fn cells(&mut self, name: &str, word: &str, text: &str) {
        self.hanging(&format!("{name:<NAME$} {word:<WORD$} "), text);
    }

    fn protections(&mut self, report: &Report) {
        let run_as = report.mode.map_or("not running", mode);
        self.line(&format!("What isolates functions on this machine ({run_as})\n"));
        self.cells("PROTECTION", "IN FORCE", "HOW IT WAS SHOWN");
        for row in &report.rows {
            let word = match (row.in_force, row.configured) {
                (true, _) => "yes",
                (false, true) => "NO",
                (false, false) => "no",
            };
            self.cells(&row.name, word, &shown(row));
            if self.layout.verbose {
                row.attacks.iter().for_each(|tried| self.tried(tried));
            }
        }
        self.line("");
    }

    fn tried(&mut self, tried: &Tried) {
        let (word, detail) = match &tried.finding {
            Finding::Held { how } => ("held", how),
            Finding::Broken { what } => ("GOT THROUGH", what),
            Finding::NotEnforceable { why } => ("not enforceable", why),
        };
        self.hanging(&format!("    {}: ", tried.name), &format!("{}. {word}: {detail}", tried.what));
    }

    fn host(&mut self, host: &Host) {
        self.cells("HOST", "VERDICT", "WHAT WAS FOUND, AND WHAT TO KNOW OR DO");
        for setting in &host.settings {
            match &setting.note {
                None => self.cells(setting.name, "ok", &setting.found),
                Some(note) => self.cells(setting.name, "note", &format!("{}: {note}", setting.found)),
            }
        }
        self.line("");
    }

    /// Always by name: what isn't stopped here is what an operator must know.
    fn not_enforceable(&mut self, report: &Report) {
        let mut tried = report.rows.iter().flat_map(|row| row.attacks.iter().map(move |tried| (row, tried)));
        let Some(first) = tried.find(|(_, tried)| is_not_enforceable(tried)) else { return };
        self.line("Attacks that nothing stops here");
        for (row, tried) in [first].into_iter().chain(tried) {
            if let Finding::NotEnforceable { why } = &tried.finding {
                self.hanging(
                    &format!("  {} ({}): ", tried.name, row.name),
                    &format!("{}: {why}", tried.what),
                );
            }
        }
        self.line("");
    }

    /// Those with one remedy and one meaning together. Why each is missing stands in its row.
    fn missing(&mut self, report: &Report) {
        let mut kinds: Vec<(Option<&str>, &str, Vec<&str>)> = Vec::new();
        for row in
            report.rows.iter().filter(|row| !row.in_force && !row.attacks.iter().any(Tried::got_through))
        {
            let (remedy, meaning) = (remedy(&row.name, report.mode), meaning(row));
            match kinds.iter_mut().find(|kind| (kind.0, kind.1) == (remedy, meaning)) {
                Some((_, _, names)) => names.push(&row.name),
                None => kinds.push((remedy, meaning, vec![&row.name])),
            }
        }
        if kinds.is_empty() {
            return;
        }
        self.line("Missing, and what to do about it");
        for (remedy, meaning, names) in kinds {
            self.hanging("  ", &format!("{}:", names.join(", ")));
            if let Some(remedy) = remedy {
                self.hanging("      To have it: ", remedy);
            }
            self.hanging("      Until then: ", meaning);
        }
        self.line("");
    }

    fn broken(&mut self, report: &Report) {
        let broken = report.rows.iter().flat_map(|row| row.attacks.iter().map(move |tried| (row, tried)));
        let broken: Vec<_> = broken.filter(|(_, tried)| tried.got_through()).collect();
        if broken.is_empty() {
            return;
        }
        self.line("ATTACKS THAT GOT THROUGH");
        for (row, tried) in broken {
            if let Finding::Broken { what } = &tried.finding {
                self.hanging(
                    &format!("  {} ({}): ", tried.name, row.name),
                    &format!("{}: {what}", tried.what),
                );
            }
        }
        self.hanging("      What to do: ", BREACH);
        self.line("");
    }

    fn sums(&mut self, report: &Report) {
        let sums = report.sums();
        let mut text = match report.mode {
            None => "No environment could be made, and so nothing could be tried.".to_owned(),
            Some(_) => format!(
                "{} held, {} not enforceable here, {} got through.",
                attacks(sums.held),
                sums.not_enforceable,
                sums.broken
            ),
        };
        if report.left_out() > 0 {
            let _ = write!(
                text,
                " {} that would disturb others were left out: --all tries them too.",
                report.left_out()
            );
        }
        self.hanging("", &text);
        let failed: Vec<&str> =
            report.rows.iter().filter(|row| row.is_failure()).map(|row| row.name.as_str()).collect();
        match report.verdict() {
            Verdict::Pass => self.line("Everything that is configured is in force."),
            Verdict::Fail => {
                self.hanging("", &format!("NOT IN FORCE, although it has to be: {}.", failed.join(", ")));
            }
        }
    }
}

fn is_not_enforceable(tried: &Tried) -> bool {
    matches!(tried.finding, Finding::NotEnforceable { .. })
}

fn attacks(count: usize) -> String {
    if count == 1 { "1 attack".to_owned() } else { format!("{count} attacks") }
}

fn shown(row: &Row) -> String {
    let sums = row.sums();
    let mut text = row.why.clone();
    if sums.broken > 0 {
        let names: Vec<&str> =
            row.attacks.iter().filter(|tried| tried.got_through()).map(|tried| tried.name).collect();
        return format!("got through: {}. Said of it: {text}", names.join(", "));
    }
    if sums.held > 0 {
        let _ = write!(text, "; {} held", attacks(sums.held));
    } else if row.in_force {
        text.push_str("; seen at the start");
    }
    if row.left_out > 0 {
        let _ = write!(text, "; {} more with --all", row.left_out);
    }
    if sums.not_enforceable > 0 {
        let _ = write!(text, "; {} not enforceable here", sums.not_enforceable);
    }
    text
}

/// What the absence of a protection means for who serves.
fn meaning(row: &Row) -> &'static str {
    match (need(&row.name), row.configured) {
        (Need::Always, _) => "`lambent serve` does not start",
        (Need::UnlessAccepted, true) => {
            "`lambent serve` does not start, unless that is accepted with --accept-weak-isolation or accept_weak_isolation = true in \
             the configuration. Accept it only for code that you trust"
        }
        (Need::UnlessAccepted, false) => "accepted by the configuration: run only code that you trust",
        // Both are there only where the configuration asks for them.
        _ if ["egress", "network-rate"].contains(&row.name.as_str()) => {
            "`lambent serve` does not start with this configuration"
        }
        (Need::WherePossible, _) => "`lambent serve` runs without it, and says so at each start",
    }
}

#[cfg(test)]
mod tests {
    use super::super::host::Setting;
    use super::super::report::tests::{broken, held, protections};
    use super::*;

    fn page(
        list: &[(&str, bool)],
        accepted: bool,
        tried: Vec<(&'static str, Tried)>,
        width: usize,
    ) -> String {
        let setting = |note: Option<&str>| Setting {
            name: "smt",
            found: "on".to_owned(),
            note: note.map(str::to_owned),
        };
        let host =
            Host { kernel: "6.1.0".to_owned(), settings: vec![setting(None), setting(Some("know this"))] };
        let report = Report::new(&protections(list), accepted, tried, &["seccomp"; 2]);
        write(&report, &host, &Layout { width, verbose: false })
    }

    #[test]
    fn what_holds_is_one_line_each_and_ends_well() {
        let text =
            page(&[("seccomp", true), ("landlock", true)], false, vec![("seccomp", held("ptrace"))], 120);
        assert!(
            text.contains(
                "\nseccomp               yes        why seccomp; 1 attack held; 2 more with --all\n"
            ),
            "{text}"
        );
        assert!(text.contains("why landlock; seen at the start\n"), "{text}");
        assert!(text.contains("\nsmt                   note       on: know this\n"), "{text}");
        assert!(text.contains("2 that would disturb others were left out: --all"), "{text}");
        assert!(text.ends_with("Everything that is configured is in force."), "{text}");
        assert!(!text.contains("Missing") && !text.contains("THROUGH\n"), "{text}");
    }

    #[test]
    fn what_is_missing_has_its_remedy_and_its_meaning() {
        let text = page(&[("memory-limit", false), ("unique-uid", false)], false, Vec::new(), 100);
        assert!(
            text.contains("\nmemory-limit          NO ") && text.contains("\nunique-uid            no "),
            "{text}"
        );
        assert!(text.contains("Delegate=yes") && text.contains("--accept-weak-isolation"), "{text}");
        assert!(text.ends_with("NOT IN FORCE, although it has to be: memory-limit."), "{text}");
        let accepted = page(&[("memory-limit", false)], true, Vec::new(), 100);
        assert!(accepted.contains("accepted by the configuration"), "{accepted}");
        assert!(accepted.ends_with("Everything that is configured is in force."), "{accepted}");
    }

    #[test]
    fn what_got_through_is_named_in_its_row_and_at_the_end() {
        let text = page(&[("seccomp", true)], false, vec![("seccomp", broken("keyctl"))], 100);
        assert!(text.contains("\nseccomp               NO         got through: keyctl."), "{text}");
        assert!(text.contains("  keyctl (seccomp): a try: it worked"), "{text}");
        assert!(text.contains("0 attacks held, 0 not enforceable here, 1 got through."), "{text}");
        assert!(text.ends_with("although it has to be: seccomp."), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [80, 97, 120] {
            let text = page(
                &[("namespaces", false), ("no-swap", false)],
                false,
                vec![("seccomp", held("x"))],
                width,
            );
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}
