//! The files as environments see them, from the host's: the words of the kernel, the figures of the environment.
//!
//! Invariant: but for the machine's kind and the time of its start, nothing in them comes from the host.

/// `/proc/sys/kernel/random/boot_id`: the host's would tell functions that they share one.
const BOOT_ID: &str = "00000000-0000-4000-8000-000000000000\n";
/// Lines of `cpuinfo` that name one machine among its kind, or follow what runs on it.
const LEFT_OUT: [&str; 2] = ["Serial", "cpu MHz"];

/// What is known of the host.
pub(super) struct Machine {
    /// One processor's paragraph of `/proc/cpuinfo`.
    processor: String,
    started: u64,
    uptime: u64,
    count: u32,
}

impl Machine {
    /// Reads it; what can't be read shows as empty.
    pub(super) fn read() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let count = std::thread::available_parallelism().map_or(1, |count| count.get());
        Self::of(&read("/proc/cpuinfo"), &read("/proc/stat"), &read("/proc/uptime"), count as u32)
    }

    fn of(cpuinfo: &str, stat: &str, uptime: &str, count: u32) -> Self {
        let started = stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
        let uptime = uptime.split(['.', ' ']).next().and_then(|seconds| seconds.parse().ok());
        Self {
            processor: cpuinfo.split("\n\n").next().unwrap_or_default().to_owned(),
            started: started.unwrap_or(0),
            uptime: uptime.unwrap_or(0),
            count,
        }
    }

    /// How many processors an environment with this share sees: the whole ones that hold it, at most the host's.
    pub(super) fn visible(&self, cpu_millis: u32) -> u32 {
        cpu_millis.div_ceil(1000).clamp(1, self.count.max(1))
    }

    /// Each file's name and text for that many processors.
    pub(super) fn texts(&self, processors: u32) -> [(&'static str, String); 5] {
        [
            ("cpuinfo", self.cpuinfo(processors)),
            ("stat", self.stat(processors)),
            ("loadavg", "0.00 0.00 0.00 1/1 1\n".to_owned()),
            ("uptime", format!("{0}.00 {0}.00\n", self.uptime)),
            ("boot_id", BOOT_ID.to_owned()),
        ]
    }

    fn cpuinfo(&self, processors: u32) -> String {
        (0..processors).map(|number| self.paragraph(number, processors)).collect()
    }

    fn paragraph(&self, number: u32, processors: u32) -> String {
        let mut text = String::with_capacity(self.processor.len() + 16);
        for line in self.processor.lines() {
            let name = line.split(':').next().unwrap_or_default().trim_end();
            let figure = match name {
                "processor" | "core id" | "apicid" | "initial apicid" => Some(number),
                "siblings" | "cpu cores" => Some(processors),
                "physical id" => Some(0),
                _ => None,
            };
            match figure {
                _ if LEFT_OUT.contains(&name) => continue,
                Some(figure) => text.push_str(&replace(line, figure)),
                None => text.push_str(line),
            }
            text.push('\n');
        }
        text.push('\n');
        text
    }

    fn stat(&self, processors: u32) -> String {
        let idle = "0 0 0 0 0 0 0 0 0 0";
        let each: String = (0..processors).map(|number| format!("cpu{number} {idle}\n")).collect();
        format!(
            "cpu  {idle}\n{each}intr 0\nctxt 0\nbtime {}\nprocesses 1\nprocs_running 1\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n",
            self.started
        )
    }
}

fn replace(line: &str, figure: u32) -> String {
    line.split_once(':').map_or_else(|| line.to_owned(), |(name, _)| format!("{name}: {figure}"))
}

/// `/proc/meminfo`: all of it is there and free. How much of it is in use is not shown.
pub(super) fn meminfo(bytes: u64) -> String {
    let all = bytes >> 10;
    let lines = [
        ("MemTotal", all),
        ("MemFree", all),
        ("MemAvailable", all),
        ("Buffers", 0),
        ("Cached", 0),
        ("SwapCached", 0),
        ("Active", 0),
        ("Inactive", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("Dirty", 0),
        ("Writeback", 0),
        ("AnonPages", 0),
        ("Mapped", 0),
        ("Shmem", 0),
        ("KReclaimable", 0),
        ("Slab", 0),
        ("SReclaimable", 0),
        ("SUnreclaim", 0),
        ("CommitLimit", all),
        ("Committed_AS", 0),
    ];
    lines.iter().map(|(name, kib)| format!("{:<16}{kib:>8} kB\n", format!("{name}:"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        let cpuinfo = "processor\t: 0\nmodel name\t: A\nsiblings\t: 8\ncpu MHz\t\t: 2600.1\nSerial\t\t: 00ab\n\nprocessor\t: 1\n\n";
        Machine::of(cpuinfo, "cpu 9 9\nbtime 17\n", "26143.54 15777.51\n", 4)
    }

    #[test]
    fn as_many_processors_are_seen_as_hold_the_share() {
        for (millis, seen) in [(72, 1), (1000, 1), (1001, 2), (3000, 3), (5788, 4)] {
            assert_eq!(machine().visible(millis), seen, "{millis}");
        }
    }

    #[test]
    fn each_processor_has_its_paragraph_and_nothing_names_the_machine() {
        let [(_, cpuinfo), (_, stat), ..] = machine().texts(2);
        let one = |number: u32| format!("processor\t: {number}\nmodel name\t: A\nsiblings\t: 2\n\n");
        assert_eq!(cpuinfo, one(0) + &one(1));
        assert_eq!(stat.lines().filter(|line| line.starts_with("cpu")).count(), 3);
        assert!(stat.contains("btime 17\n") && !stat.contains('9'));
    }

    #[test]
    fn what_tells_of_work_stands_still() {
        let texts = machine().texts(1);
        let text = |name: &str| texts.iter().find(|(found, _)| *found == name).map(|(_, text)| text.as_str());
        assert_eq!(text("loadavg"), Some("0.00 0.00 0.00 1/1 1\n"));
        assert_eq!(text("uptime"), Some("26143.00 26143.00\n"));
        assert!(meminfo(128 << 20).starts_with("MemTotal:         131072 kB\nMemFree:          131072 kB\n"));
    }
}
