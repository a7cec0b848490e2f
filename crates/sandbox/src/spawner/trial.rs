//! The trial at the start: one environment on an empty root with two layers, which must get as far as the exec of a
//! program that is not there. Where environments may have egress, another one with it.
//!
//! Invariant: a spawner that reports itself ready has seen every step of an environment's creation succeed on this machine.

use std::time::Duration;

use rustix::io::Errno;

use super::birth;
use super::environments::{Birth, Environment, State};
use super::prepare::{Unready, Workshop};
use crate::egress::Egress;
use crate::environment::{Report, receive_report};
use crate::handle::wait_readable;
use crate::spawner::packet;
use crate::spec::{Limits, SandboxSpec, TreeName};
use crate::step::{At, Failed, Step};
use crate::weaken::Weakened;

const PATIENCE: Duration = Duration::from_secs(5);

/// Makes it and looks at how it fails.
pub(super) fn run(shop: &mut Workshop) -> Result<(), Unready> {
    reach_the_exec(shop, Egress::None)
}

/// The same with egress, where there is any. What fails there makes egress impossible, and nothing else.
pub(super) fn egress(shop: &mut Workshop) -> Result<(), String> {
    if shop.egress.is_none() {
        return Ok(());
    }
    reach_the_exec(shop, Egress::Internet).map_err(|unready| match unready {
        Unready::Failed(failed) => format!("{}: {}", failed.step, failed.errno),
        Unready::Unprotected(why) => why,
    })
}

fn reach_the_exec(shop: &mut Workshop, egress: Egress) -> Result<(), Unready> {
    let trees = [tree_of('0')?, tree_of('1')?];
    let root = shop.staging.make_probe(&trees)?;
    let uid = shop.uids.base;
    let outcome = attempt(shop, &spec(root, trees.clone(), egress), uid);
    shop.staging.remove_probe(&trees)?;
    match outcome? {
        Failed { step: Step::ExecRuntime, errno: Errno::NOENT } => Ok(()),
        failed => Err(failed.into()),
    }
}

fn tree_of(digit: char) -> Result<TreeName, Failed> {
    TreeName::parse(&digit.to_string().repeat(64)).map_err(|_| unexpected(Errno::INVAL))
}

fn attempt(shop: &mut Workshop, spec: &SandboxSpec, uid: u32) -> Result<Failed, Failed> {
    let (_ours, lifeline) = packet::socket_pair().at(Step::MakeChannel)?;
    let mut environment = birth::begin(shop, spec, Weakened::none(), (0, uid), lifeline)
        .map_err(|(failed, _lifeline)| failed)?;
    let failed = listen(&environment);
    environment.kill();
    wait_readable(&environment.pidfd, PATIENCE);
    environment.reap();
    shop.give_back(environment.address.take());
    for _ in 0..100 {
        if shop.remove_group(&spec.id) {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    failed
}

/// Waits for the end of the set-up.
fn listen(environment: &Environment) -> Result<Failed, Failed> {
    let State::SettingUp(Birth { channel, failed, .. }) = &environment.state else {
        return Err(unexpected(Errno::PROTO));
    };
    if let Some(failed) = failed {
        return Err(*failed);
    }
    while wait_readable(channel, PATIENCE) {
        match receive_report(channel)? {
            Report::Listeners(_) | Report::Forked => {}
            Report::Failed(failed) => return Ok(failed),
            Report::End => return Err(unexpected(Errno::SRCH)),
        }
    }
    Err(unexpected(Errno::TIMEDOUT))
}

fn unexpected(errno: Errno) -> Failed {
    Failed { step: Step::SetupDied, errno }
}

fn spec(root: String, [tree, lower]: [TreeName; 2], egress: Egress) -> SandboxSpec {
    SandboxSpec {
        id: "0".repeat(32),
        tenant: "0".repeat(12),
        root: root.into(),
        code: tree.clone(),
        layers: vec![tree, lower],
        channel: true,
        argv: vec!["/absent".to_owned()],
        env: Vec::new(),
        cwd: "/".to_owned(),
        hostname: "trial".to_owned(),
        limits: Limits {
            memory_bytes: 64 << 20,
            tmp_bytes: 1 << 20,
            tmp_inodes: 64,
            pids: 16,
            cpu_millis: 1000,
            init_cpu_millis: 1000,
            open_files: 64,
        },
        egress,
    }
}
