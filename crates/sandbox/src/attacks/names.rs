//! Who answers for names: the platform, at once, and nobody else.
//!
//! Some C libraries wait for seconds where nobody does, and believe whoever does. Invariant: the platform's end is played by
//! who tries this, so that an answer from anybody else is known as such.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::refusal::{Needed, Verdict, breach};
use super::stage::{PATIENCE, Stage, finish, left};
use super::{Attack, Group, Place, Twins, run};
use crate::error::AttackError;
use crate::handle::{Sandbox, wait_readable};
use crate::weaken::Layer;

const NAME: &str = "who-answers-for-names";
const SERVER: (&str, u16) = ("127.0.0.1", 53);
const QUESTION: &[u8] = b"who answers?";
const ANSWER: &[u8] = b"the platform";

pub(super) static ATTACKS: &[Attack] = &[Attack {
    name: NAME,
    group: Group::Network,
    protection: "dns",
    what: "ask for a name where somebody else than the platform would answer, or nobody",
    twins: Twins::without(&[Layer::Network]),
    inside: |_| ask(),
    place: Place::Staged(answered),
    ..Attack::SHARED
}];

fn ask() -> Verdict {
    let socket = UdpSocket::bind("127.0.0.1:0").needed("a socket")?;
    socket.set_read_timeout(Some(Duration::from_secs(10))).needed("a time-out")?;
    socket.connect(SERVER).needed("the address of the name server")?;
    let mut answer = [0; 512];
    let heard = socket.send(QUESTION).and_then(|_| socket.recv(&mut answer));
    match heard {
        Ok(count) if answer.get(..count) == Some(ANSWER) => Ok("the platform answered".to_owned()),
        Ok(count) => breach(format!("somebody else answered, {count} bytes")),
        Err(error) => breach(format!("nobody answered: {error}")),
    }
}

fn answered(stage: &Stage<'_>) -> Result<Verdict, AttackError> {
    let mut sandbox = stage.start(NAME, stage.facts())?;
    if let Some(names) = sandbox.dns.take() {
        answer(&names, &sandbox);
    }
    Ok(run::read(&finish(&sandbox).output, NAME))
}

/// Answers once, unless the environment ends before it asks.
fn answer(names: &UdpSocket, sandbox: &Sandbox) {
    let deadline = Instant::now() + PATIENCE;
    // Where any of this fails, the other side says that nobody answered.
    let _ = names.set_read_timeout(Some(Duration::from_millis(20)));
    while !left(deadline).is_zero() && !wait_readable(&sandbox.pidfd, Duration::ZERO) {
        if let Ok((_, from)) = names.recv_from(&mut [0; 512]) {
            let _ = names.send_to(ANSWER, from);
            return;
        }
    }
}
