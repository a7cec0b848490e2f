//! Every step of a creation and of a destruction, made to fail right after it succeeded, in every process that takes it.
//!
//! What must hold each time: the caller is told which step it was, or gets what was asked for; nothing is left; and the next
//! creation works. These need the cargo feature `failpoints`; without it they say that they were skipped.
//!
//! Where the environment variable `LAMBENT_TEST_WHOLE` is not set it is a sample: every step once in every process that takes
//! it, and about half of the ways to fail there; the mode decides which half.

use crate::harness::{Bench, Verdict};

#[cfg(not(feature = "failpoints"))]
pub(crate) fn inside(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `failpoints`".to_owned())
}

#[cfg(not(feature = "failpoints"))]
pub(crate) use {inside as spawner, inside as start};

#[cfg(feature = "failpoints")]
mod unreached;

#[cfg(feature = "failpoints")]
pub(crate) use on::*;

#[cfg(feature = "failpoints")]
mod on {
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::sync::Mutex;
    use std::time::Instant;

    use sandbox::failpoints::{Action, Failpoint, Process, arm_start};
    use sandbox::{CreateError, Sandbox, SandboxSpec, Spawner, SpawnerOptions, StartError, Step};

    use super::super::life::{first_line, pid_in};
    use super::super::passed;
    use super::unreached::assert_complete;
    use super::{Bench, Verdict};
    use crate::harness::{finish, is_whole, wait_until};
    use crate::host::{PATIENCE, eventually, groups_named, groups_of, processes_with};

    /// What the three cases of a half have reached together.
    static REACHED: Mutex<(usize, BTreeSet<String>)> = Mutex::new((0, BTreeSet::new()));

    /// After which an error is made up for: only a death shows that they were reached.
    const MADE_UP_FOR: [Step; 6] =
        [Step::StagingOpen, Step::CgroupClean, Step::Clone3, Step::Kill, Step::Reap, Step::Forget];

    /// Whether a step is made to fail in this way. A sample takes one of both ways, and the other mode the other.
    fn is_tried(bench: &Bench, step: Step, action: Action) -> bool {
        let dies = step as usize % 2 == usize::from(bench.is_privileged());
        is_whole() || dies == (action == Action::Death) || MADE_UP_FOR.contains(&step)
    }

    /// As many before as after: descriptors here and in the spawner, processes, groups.
    #[derive(Debug, PartialEq, Eq)]
    struct Traces {
        own_descriptors: usize,
        spawners_descriptors: usize,
        processes: usize,
        groups: Vec<PathBuf>,
    }

    fn descriptors(pid: u32) -> usize {
        std::fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors").count()
    }

    /// Living and dead ones.
    fn children(pid: u32) -> usize {
        let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("children");
        list.split_whitespace().count()
    }

    fn traces(bench: &Bench) -> Traces {
        let spawner = pid_in(&bench.spawner.process()) as u32;
        Traces {
            own_descriptors: descriptors(std::process::id()),
            spawners_descriptors: descriptors(spawner),
            processes: children(spawner),
            groups: groups_of(&bench.name),
        }
    }

    /// One that takes every optional step too.
    fn spec(bench: &Bench) -> SandboxSpec {
        SandboxSpec { channel: true, ..bench.layered(&["awake"], &[0, 1]) }
    }

    /// A single layer is bound, not merged.
    fn single(bench: &Bench) -> SandboxSpec {
        SandboxSpec { channel: true, ..bench.layered(&["sleep"], &[0]) }
    }

    /// The platform never gets it.
    fn absent(bench: &Bench) -> SandboxSpec {
        let mut spec = spec(bench);
        spec.argv[0] = "/absent".to_owned();
        spec
    }

    fn arm(bench: &Bench, failpoint: Option<Failpoint>) {
        bench.spawner.arm(failpoint).expect("the spawner lives");
    }

    /// The line of the passwd file tells the uid, which must be the first one again, as nobody has it.
    fn next_one(bench: &Bench) -> String {
        let ended = bench.run(&["passwd"]);
        assert!(ended.output.starts_with("sbx_user:x:"), "{ended:?}");
        ended.output
    }

    #[derive(Default)]
    struct Tally {
        reached: BTreeSet<String>,
        attempts: usize,
        refused: usize,
        served: usize,
        deaths: usize,
    }

    impl Tally {
        fn note(&mut self, step: Step, process: Process) {
            self.reached.insert(format!("{step:?} {process:?}"));
        }

        fn print(&self, half: &Bench, what: &str) {
            let mode = if half.is_privileged() { "root" } else { "rootless" };
            println!(
                "failpoints, {mode}, {what}: {} attempts; {} places reached; {} refused by the step's name, {} died, {} served",
                self.attempts,
                self.reached.len(),
                self.refused,
                self.deaths,
                self.served
            );
            let mut all = REACHED.lock().expect("no case fell over with it");
            all.0 += 1;
            all.1.extend(self.reached.iter().filter_map(|place| place.split(' ').next()).map(str::to_owned));
            if all.0 == 3 {
                assert_complete(&all.1, if half.is_privileged() { 'R' } else { 'P' });
            }
        }
    }

    /// The environment's own processes. A runtime that dies before it is executed looks to the platform like one that
    /// dies after it.
    pub(crate) fn inside(bench: &Bench) -> Verdict {
        let mut tally = Tally::default();
        let first = next_one(bench);
        drop(bench.spawner.create(&spec(bench)).expect("an environment"));
        let before = traces(bench);
        for process in [Process::First, Process::Init, Process::Runtime] {
            for &step in Step::all() {
                for action in [Action::Error, Action::Death] {
                    if !is_tried(bench, step, action) {
                        continue;
                    }
                    fail_inside(bench, Failpoint { step, process, action }, &mut tally);
                    assert!(
                        eventually(|| traces(bench) == before),
                        "{step:?} {process:?} {action:?}: {before:?} before, {:?}",
                        traces(bench)
                    );
                }
            }
            assert_eq!(next_one(bench), first, "after the failures of {process:?}");
        }
        tally.print(bench, "inside");
        passed()
    }

    fn fail_inside(bench: &Bench, failpoint: Failpoint, tally: &mut Tally) {
        tally.attempts += 1;
        arm(bench, Some(failpoint));
        match bench.spawner.create(&spec(bench)) {
            Ok(sandbox) if is_short_lived(&sandbox, failpoint) => {
                // The platform has it, and sees it end.
                tally.note(failpoint.step, failpoint.process);
                tally.deaths += 1;
            }
            Ok(_sandbox) => tally.served += 1,
            Err(CreateError::Step { step, source }) => {
                let canceled = source.raw_os_error() == Some(libc::ECANCELED);
                let told = match failpoint.action {
                    Action::Error => step == failpoint.step && canceled,
                    Action::Death => step == Step::SetupDied,
                };
                assert!(told, "{failpoint:?} was told as {step:?}: {source}");
                tally.note(failpoint.step, failpoint.process);
                *(if canceled { &mut tally.refused } else { &mut tally.deaths }) += 1;
            }
            Err(other) => panic!("{failpoint:?} was told as {other:?}"),
        }
    }

    /// Init and the runtime may die when the environment has been handed over.
    fn is_short_lived(sandbox: &Sandbox, failpoint: Failpoint) -> bool {
        if failpoint.process == Process::Init && failpoint.step == Step::WaitRuntime {
            sandbox.terminate();
            let status = finish(sandbox).status;
            assert_eq!(status, None, "it ended without a word");
            return true;
        }
        let may_die = failpoint.process != Process::First;
        may_die && first_line(sandbox).is_empty()
    }

    /// What the spawner does for one environment, from the first request to the last descriptor.
    pub(crate) fn spawner(bench: &Bench) -> Verdict {
        let mut tally = Tally::default();
        let fresh = || {
            let next = Bench::named(&format!("{}-failing", bench.name), &bench.root);
            assert_eq!(groups_of(&next.name), Vec::<PathBuf>::new(), "whatever its predecessor left");
            let first = next_one(&next);
            (next, first)
        };
        let (mut own, mut first) = fresh();
        for &step in Step::all() {
            // The platform kills first whatever it has; what it never got is the spawner's to kill.
            let specs: &[fn(&Bench) -> SandboxSpec] =
                if step == Step::Kill { &[absent] } else { &[spec, single] };
            for (number, spec) in specs.iter().enumerate() {
                let dies = is_tried(bench, step, Action::Death) && (is_whole() || number == 0);
                let before = traces(&own);
                // An error while it waits for events is its end, too.
                if step != Step::Epoll
                    && !fail_spawner(&own, spec, failpoint(step, Action::Error), &mut tally)
                {
                    continue;
                }
                assert!(
                    eventually(|| traces(&own) == before),
                    "{step:?}: {before:?} before, {:?} after",
                    traces(&own)
                );
                assert_eq!(next_one(&own), first, "after an error at {step:?}");
                for action in [Action::Error, Action::Death] {
                    let is_end = if action == Action::Error { step == Step::Epoll } else { dies };
                    if !is_end {
                        continue;
                    }
                    die_in_spawner(own, spec, failpoint(step, action));
                    tally.note(step, Process::Spawner);
                    tally.attempts += 1;
                    tally.deaths += 1;
                    // The next of the name finds all that is left.
                    (own, first) = fresh();
                }
            }
        }
        tally.print(bench, "spawner");
        let name = own.name.clone();
        drop(own);
        assert!(eventually(|| groups_named(&name).is_empty()), "{:?}", groups_named(&name));
        passed()
    }

    fn failpoint(step: Step, action: Action) -> Failpoint {
        Failpoint { step, process: Process::Spawner, action }
    }

    /// False where the spawner does not get there, for this spec.
    fn fail_spawner(
        own: &Bench,
        spec: &dyn Fn(&Bench) -> SandboxSpec,
        failpoint: Failpoint,
        tally: &mut Tally,
    ) -> bool {
        tally.attempts += 1;
        arm(own, Some(failpoint));
        let made = own.spawner.create(&spec(own));
        let is_refused = made.is_err();
        match made {
            Ok(sandbox) => {
                drop(sandbox);
                tally.served += 1;
            }
            Err(CreateError::Step { step: Step::ExecRuntime, .. }) if failpoint.step == Step::Kill => {
                tally.served += 1;
            }
            Err(CreateError::Step { step, source }) => {
                assert_eq!((step, source.raw_os_error()), (failpoint.step, Some(libc::ECANCELED)));
                tally.refused += 1;
                tally.note(step, failpoint.process);
            }
            Err(other) => panic!("{failpoint:?} was told as {other:?}"),
        }
        // What was not reached by now is not reached by dying there either, and must not be by the next creation.
        arm(own, None);
        // What a destruction does it does again until it has succeeded; what no error can stop, a death can.
        let has_groups = !groups_named(&own.name).is_empty();
        match failpoint.step {
            Step::Kill | Step::Reap | Step::Forget | Step::Clone3 => true,
            Step::CgroupClean => has_groups,
            _ => is_refused,
        }
    }

    /// It is the end of every environment, those that stand still too; and the platform is told.
    fn die_in_spawner(own: Bench, spec: &dyn Fn(&Bench) -> SandboxSpec, failpoint: Failpoint) {
        let mark = format!("bystander-{}-{}", std::process::id(), own.is_privileged());
        let bystander = own.start(&["daemon", &mark]);
        assert_eq!(first_line(&bystander), "daemon ok\n");
        bystander.freeze().expect("it is asked for");
        arm(&own, Some(failpoint));
        // Whether there is something left to kill when the set-up failed is a matter of microseconds.
        for _ in 0..if failpoint.step == Step::Kill { 200 } else { 1 } {
            match own.spawner.create(&spec(&own)) {
                Ok(sandbox) => drop(sandbox),
                Err(CreateError::SpawnerGone) => break,
                // It may have told why before it came to its death.
                Err(CreateError::Step { step: Step::ExecRuntime, .. })
                    if [Step::Forget, Step::Kill].contains(&failpoint.step) => {}
                Err(error) => panic!("{failpoint:?}: {error:?}"),
            }
        }
        assert!(wait_until(&own.spawner.process(), Instant::now() + PATIENCE), "{failpoint:?}: it lives");
        assert!(wait_until(&bystander.pidfd, Instant::now() + PATIENCE), "{failpoint:?}");
        assert!(eventually(|| processes_with(&mark).is_empty()), "{failpoint:?}");
        assert!(matches!(own.spawner.create(&own.spec(&["sleep"])), Err(CreateError::SpawnerGone)));
    }

    /// What the platform and the spawner do once.
    pub(crate) fn start(bench: &Bench) -> Verdict {
        let mut tally = Tally::default();
        let name = format!("{}-starting", bench.name);
        let try_start = || {
            let options = SpawnerOptions {
                name: name.clone(),
                staging_bytes: 16 << 20,
                memory_bytes: 1 << 40,
                egress: None,
                uid_base: 910_000,
                uid_count: 4,
            };
            Spawner::start(options)
        };
        drop(try_start().expect("a spawner"));
        let count = || (descriptors(std::process::id()), children(std::process::id()));
        let before = count();
        for process in [Process::Platform, Process::Spawner, Process::First] {
            // What the trial's environment and its end take are the steps of any other's, which the other cases try.
            let own = |step: &&Step| is_whole() || (process != Process::First && is_of_start(**step));
            for &step in Step::all().iter().filter(own) {
                for action in [Action::Error, Action::Death] {
                    // Where keeping it out of swap fails, it is made again without.
                    let is_reached =
                        step == Step::StagingOpen || tally.reached.contains(&format!("{step:?} {process:?}"));
                    // The platform's own death is the end of all, which other cases are about.
                    let can_die = process != Process::Platform && is_reached && is_tried(bench, step, action);
                    if action == Action::Death && !can_die {
                        continue;
                    }
                    tally.attempts += 1;
                    arm_start(Some(Failpoint { step, process, action }));
                    let started = try_start();
                    arm_start(None);
                    match started {
                        Ok(spawner) => {
                            tally.served += 1;
                            drop(spawner);
                        }
                        Err(StartError::Step { step: told, .. }) if action == Action::Error => {
                            assert_eq!(told, step, "{process:?}");
                            tally.refused += 1;
                            tally.note(step, process);
                        }
                        Err(StartError::Step { step: Step::SetupDied, .. } | StartError::Silent) => {
                            tally.deaths += 1;
                            tally.note(step, process);
                        }
                        Err(other) => panic!("{step:?} {process:?} {action:?} was told as {other:?}"),
                    }
                    assert_eq!(count(), before, "{step:?} {process:?} {action:?}");
                }
            }
        }
        drop(try_start().expect("a spawner"));
        assert!(eventually(|| groups_named(&name).is_empty()), "{:?}", groups_named(&name));
        tally.print(bench, "start");
        passed()
    }

    fn is_of_start(step: Step) -> bool {
        step as usize <= Step::CgroupClean as usize || step == Step::SeccompBuild
    }
}
