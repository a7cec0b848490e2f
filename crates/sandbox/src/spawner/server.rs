//! The spawner's loop: one thread, one epoll, no waiting anywhere else.
//!
//! Invariant: when the platform's socket ends, or the platform itself, every environment is killed, every group removed, and
//! this process exits.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::io::Errno;
use rustix::process::PidfdFlags;

use super::environments::{Environment, Environments, Serial, State};
use super::order::{self, Word};
use super::packet::{self, Packet};
use super::prepare::{self, Unready, Workshop};
use super::protocol::{self, Answer, HEADER, Refusal, RequestHeader, RequestKind};
use super::{SpawnerOptions, birth, trial};
use crate::cgroup::OomEvent;
use crate::egress::Egress;
use crate::environment::{Report, receive_report};
use crate::failpoints::{self, Process};
use crate::spec::SandboxSpec;
use crate::step::{At, Failed, Step};
use crate::weaken::Weakened;

/// How long it may take from the word that memory ran out to the first killed process: 10 to 50 ms were seen.
const SUSPICION: Duration = Duration::from_secs(1);
/// How often the removal of a busy group is tried again, and a suspect looked at.
const RETRY_NANOSECONDS: i64 = 2_000_000;

/// Runs the spawner to its end.
pub(super) fn run(socket: OwnedFd) -> ExitCode {
    failpoints::enter(Process::Spawner);
    match serve(socket) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(socket: OwnedFd) -> Result<(), Failed> {
    let Some(options) = receive_options(&socket) else { return Ok(()) };
    let mut shop = match prepare::workshop(&options) {
        Ok(shop) => shop,
        Err(unready) => return refuse_start(&socket, unready),
    };
    if let Err(unready) = trial::run(&mut shop) {
        shop.remove_all();
        return refuse_start(&socket, unready);
    }
    shop.open_egress(&options);
    if let Err(unready) = trial::egress(&mut shop) {
        shop.close_egress(unready);
    }
    if let Err(failed) = announce(&socket, &shop) {
        shop.remove_all();
        return Err(failed);
    }
    let mut server = Server::new(socket, shop, &options)?;
    let result = server.work();
    server.end();
    result
}

fn announce(socket: &OwnedFd, shop: &Workshop) -> Result<(), Failed> {
    let trees = shop.staging.trees()?;
    let ready = Answer::Ready(shop.protections()).encode();
    packet::send(socket, &ready, &[trees.as_fd()]).at(Step::Epoll)
}

fn receive_options(socket: &OwnedFd) -> Option<SpawnerOptions> {
    let mut packet = packet::receive(socket, HEADER).ok()??;
    if failpoints::arm_by(&packet.bytes) {
        packet = packet::receive(socket, HEADER).ok()??;
    }
    let header = RequestHeader::decode(&packet.bytes).ok()?;
    let memfd = packet.descriptors.into_iter().next()?;
    let body = packet::read_body(memfd, header.body_length).ok()?;
    (header.kind == RequestKind::Start).then(|| protocol::decode_options(&body).ok())?
}

fn refuse_start(socket: &OwnedFd, unready: Unready) -> Result<(), Failed> {
    let answer = match unready {
        Unready::Failed(failed) => Answer::Failed(failed),
        Unready::Unprotected(why) => Answer::Unprotected(why),
    };
    packet::send(socket, &answer.encode(), &[]).at(Step::Epoll)
}

/// What an event is about: which environment, and which of the environment's descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Socket,
    Platform,
    Channel(Serial),
    Process(Serial),
    Lifeline(Serial),
    OutOfMemory(Serial),
}

impl Source {
    fn to_data(self) -> epoll::EventData {
        let (kind, serial) = match self {
            Self::Socket => (0, 0),
            Self::Platform => (1, 0),
            Self::Channel(serial) => (2, serial),
            Self::Process(serial) => (3, serial),
            Self::Lifeline(serial) => (4, serial),
            Self::OutOfMemory(serial) => (5, serial),
        };
        epoll::EventData::new_u64(serial << 8 | kind)
    }

    fn from_data(data: epoll::EventData) -> Option<Self> {
        let serial = data.u64() >> 8;
        Some(match data.u64() & 0xFF {
            0 => Self::Socket,
            1 => Self::Platform,
            2 => Self::Channel(serial),
            3 => Self::Process(serial),
            4 => Self::Lifeline(serial),
            5 => Self::OutOfMemory(serial),
            _ => return None,
        })
    }
}

/// What to answer, and to whom.
type Refused = (Answer, OwnedFd);

struct Server {
    epoll: OwnedFd,
    socket: OwnedFd,
    shop: Workshop,
    uid_count: u32,
    environments: Environments,
    /// Environments that may have run out of memory, and until when to look.
    suspects: BTreeMap<Serial, Instant>,
}

impl Server {
    fn new(socket: OwnedFd, shop: Workshop, options: &SpawnerOptions) -> Result<Self, Failed> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).at(Step::Epoll)?;
        let server = Self {
            epoll,
            socket,
            shop,
            uid_count: options.uid_count,
            environments: Environments::default(),
            suspects: BTreeMap::new(),
        };
        watch(&server.epoll, &server.socket, Source::Socket)?;
        let parent = rustix::process::getppid().ok_or(Errno::SRCH).at(Step::WatchPlatform)?;
        let platform = rustix::process::pidfd_open(parent, PidfdFlags::empty()).at(Step::WatchPlatform)?;
        watch(&server.epoll, &platform, Source::Platform)?;
        // Watched until this process ends.
        std::mem::forget(platform);
        Ok(server)
    }

    /// Until the platform is gone.
    fn work(&mut self) -> Result<(), Failed> {
        loop {
            let mut space = [MaybeUninit::uninit(); 64];
            let timeout = Timespec { tv_sec: 0, tv_nsec: RETRY_NANOSECONDS };
            let looks_again = !self.environments.ending().is_empty() || !self.suspects.is_empty();
            let timeout = looks_again.then_some(&timeout);
            let events = match epoll::wait(&self.epoll, &mut space, timeout) {
                Err(Errno::INTR) => continue,
                result => result.at(Step::Epoll)?.0,
            };
            for event in events {
                match Source::from_data(event.data) {
                    Some(Source::Socket) => match packet::receive(&self.socket, HEADER) {
                        Ok(Some(request)) => self.request(request),
                        // Not a packet of ours; the next one may be.
                        Err(Errno::MSGSIZE) => {}
                        Ok(None) | Err(_) => return Ok(()),
                    },
                    Some(Source::Platform) => return Ok(()),
                    Some(source) => self.handle(source),
                    None => {}
                }
            }
            self.judge_suspects();
            self.finish_ending();
        }
    }

    fn request(&mut self, packet: Packet) {
        if failpoints::arm_by(&packet.bytes) {
            return;
        }
        let mut descriptors = packet.descriptors.into_iter();
        // Without a lifeline there is nobody to answer.
        let (Some(lifeline), Some(memfd)) = (descriptors.next(), descriptors.next()) else { return };
        if let Err((answer, lifeline)) = self.try_create(&packet.bytes, memfd, lifeline) {
            // Whoever asked may have gone.
            let _ = packet::send(&lifeline, &answer.encode(), &[]);
        }
    }

    fn try_create(&mut self, header: &[u8], memfd: OwnedFd, lifeline: OwnedFd) -> Result<(), Refused> {
        let decoded = RequestHeader::decode(header)
            .ok()
            .filter(|header| header.kind == RequestKind::Create)
            .and_then(|header| packet::read_body(memfd, header.body_length).ok())
            .and_then(|body| protocol::decode_spec(&body).ok());
        let Some((mut spec, weakened)) = decoded else {
            return Err((Answer::Refused(Refusal::Malformed), lifeline));
        };
        let result = self.create(&spec, weakened, lifeline);
        spec.wipe();
        result
    }

    fn create(&mut self, spec: &SandboxSpec, weakened: Weakened, lifeline: OwnedFd) -> Result<(), Refused> {
        if self.environments.has_id(&spec.id) {
            return Err((Answer::Refused(Refusal::Duplicate), lifeline));
        }
        if spec.egress != Egress::None && self.shop.egress.is_none() {
            return Err((Answer::Refused(Refusal::NoEgress), lifeline));
        }
        let Some(slot) = self.environments.free_slot(self.uid_count) else {
            return Err((Answer::Refused(Refusal::Full), lifeline));
        };
        let place = (slot, self.shop.uids.base + slot);
        let begun = birth::begin(&mut self.shop, spec, weakened, place, lifeline);
        failpoints::forget_others();
        let environment = begun.map_err(|(failed, lifeline)| (Answer::Failed(failed), lifeline))?;
        self.admit(environment);
        Ok(())
    }

    fn admit(&mut self, mut environment: Environment) {
        let watched = self.watch_environment(&environment);
        if let State::SettingUp(birth) = &mut environment.state {
            birth.failed = birth.failed.or(watched.err());
            if birth.failed.is_some() {
                environment.doom();
            }
        }
        self.environments.insert(environment);
    }

    fn watch_environment(&self, environment: &Environment) -> Result<(), Failed> {
        let serial = self.environments.next_serial();
        // The pidfd first: without it nothing could ever be cleaned up.
        watch(&self.epoll, &environment.pidfd, Source::Process(serial))?;
        watch(&self.epoll, &environment.lifeline, Source::Lifeline(serial))?;
        if let State::SettingUp(birth) = &environment.state {
            watch(&self.epoll, &birth.channel, Source::Channel(serial))?;
        }
        match &environment.oom_event {
            Some(event) => watch(&self.epoll, event, Source::OutOfMemory(serial)),
            None => Ok(()),
        }
    }

    fn handle(&mut self, source: Source) {
        let (Source::Channel(serial)
        | Source::Process(serial)
        | Source::Lifeline(serial)
        | Source::OutOfMemory(serial)) = source
        else {
            return;
        };
        // It may have been finished by an earlier event of the same batch.
        let Some(environment) = self.environments.get_mut(serial) else { return };
        match source {
            Source::Channel(_) => hear(environment),
            Source::Process(_) => {
                environment.reap();
                if environment.is_reaped {
                    unwatch(&self.epoll, &environment.pidfd);
                }
            }
            Source::Lifeline(_) => match order::receive(&environment.lifeline) {
                Word::Order(order) => environment.obey(order),
                Word::Nonsense => {}
                Word::End => {
                    unwatch(&self.epoll, &environment.lifeline);
                    environment.doom();
                }
            },
            _ => {
                environment.oom_event.iter().for_each(OomEvent::clear);
                self.suspects.insert(serial, Instant::now() + SUSPICION);
            }
        }
    }

    /// Kills those in which the kernel has killed something; the others were only told that memory ran out.
    fn judge_suspects(&mut self) {
        let (now, environments) = (Instant::now(), &mut self.environments);
        self.suspects.retain(|serial, until| {
            let Some(environment) = environments.get_mut(*serial) else { return false };
            let is_guilty = environment.oom_event.as_ref().is_some_and(OomEvent::has_killed);
            if is_guilty {
                environment.kill();
            }
            !is_guilty && now < *until
        });
    }

    /// Removes the groups of those whose processes are gone, and forgets them.
    fn finish_ending(&mut self) {
        for serial in self.environments.ending() {
            let Some(environment) = self.environments.get_mut(serial) else { continue };
            if !self.shop.remove_group(&environment.id) {
                continue;
            }
            let Some(ended) = self.environments.remove(serial) else { continue };
            self.shop.give_back(ended.address);
            // An error here has nothing to stop.
            let _ = failpoints::pass(Step::Forget);
            if let State::Doomed(Some(failed)) = ended.state {
                // Whoever asked may have gone.
                let _ = packet::send(&ended.lifeline, &Answer::Failed(failed).encode(), &[]);
            }
        }
    }

    /// Kills everything and waits for it, at most two seconds.
    fn end(&mut self) {
        self.environments.iter_mut().for_each(|environment| environment.kill());
        for _ in 0..1000 {
            self.environments.iter_mut().for_each(|environment| {
                environment.reap();
                environment.doom();
            });
            self.finish_ending();
            if self.environments.is_empty() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.shop.remove_all();
    }
}

/// Takes one report of an environment that is being set up.
fn hear(environment: &mut Environment) {
    let State::SettingUp(birth) = &mut environment.state else { return };
    match receive_report(&birth.channel) {
        Ok(Report::Listeners(listeners)) => birth.listeners = Some(listeners),
        Ok(Report::Forked) => birth.is_forked = true,
        Ok(Report::Failed(failed)) => birth.failed = birth.failed.or(Some(failed)),
        Ok(Report::End) => environment.born(),
        Err(failed) => {
            birth.failed = birth.failed.or(Some(failed));
            environment.doom();
        }
    }
}

fn watch(epoll: &OwnedFd, fd: impl AsFd, source: Source) -> Result<(), Failed> {
    epoll::add(epoll, fd, source.to_data(), epoll::EventFlags::IN | epoll::EventFlags::RDHUP).at(Step::Watch)
}

fn unwatch(epoll: &OwnedFd, fd: &OwnedFd) {
    // It was added; a failure would mean that it is no longer watched, which is what is wanted.
    let _ = epoll::delete(epoll, fd);
}
