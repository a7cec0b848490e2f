//! What platform and spawner say to each other: pure encoding and decoding.
//!
//! Every packet begins with a header of 16 bytes. A request's body travels in a sealed memfd, an answer's in the packet.
//! Invariant: decoding never panics, never allocates more than the input holds, and accepts only what it could have encoded.

mod encoding;

use std::str::FromStr;

use rustix::io::Errno;

use encoding::{Reader, Writer, header};

use crate::cgroup::{FreezerKind, GaugeKind};
use crate::egress::{Destination, Egress, EgressOptions};
use crate::protections::Protections;
use crate::spawner::SpawnerOptions;
use crate::spec::{Limits, SandboxSpec, TreeName};
use crate::step::{Failed, Step};
use crate::weaken::Weakened;

/// Bytes of the header.
pub(crate) const HEADER: usize = 16;
/// Most bytes of a request's body.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Most bytes of an answer, header included.
pub(crate) const MAX_ANSWER: usize = 16 * 1024;

/// The input is not something that this executable has encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The header of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestHeader {
    pub(crate) kind: RequestKind,
    pub(crate) body_length: usize,
}

/// The requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    /// Once, first. Descriptor: the body.
    Start = 1,
    /// Descriptors: the lifeline, over which the answer goes, and the body.
    Create = 2,
}

/// The answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// To `Start`. Descriptor: the staging directory.
    Ready(Protections),
    /// To `Create`. Descriptors: both listeners, the names' socket, output, pidfd, status, the channel if there is one, one gauge per
    /// bit, then the freezer if there is one.
    Created { gauges: u32, channel: bool, freezer: Option<FreezerKind> },
    /// A step failed; nothing is left.
    Failed(Failed),
    /// This machine lacks something indispensable.
    Unprotected(String),
    /// The request is refused.
    Refused(Refusal),
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It could not be decoded, or a value in it is out of range.
    Malformed = 1,
    /// No uid is free.
    Full = 2,
    /// The id is taken.
    Duplicate = 3,
    /// There is no egress.
    NoEgress = 4,
}

impl RequestHeader {
    pub(crate) fn encode(self) -> [u8; HEADER] {
        header(self.kind as u16, self.body_length as u32, 0)
    }

    pub(crate) fn decode(packet: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(packet);
        let (kind, length, spare) = reader.header()?;
        let kind = match kind {
            1 => RequestKind::Start,
            2 => RequestKind::Create,
            _ => return Err(Malformed),
        };
        let body_length = usize::try_from(length).map_err(|_| Malformed)?;
        if body_length > MAX_BODY || spare != 0 {
            return Err(Malformed);
        }
        reader.end()?;
        Ok(Self { kind, body_length })
    }
}

impl Answer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ready(protections) => {
                let mut writer = Writer(header(1, 0, 0).to_vec());
                writer.protections(protections);
                writer.0
            }
            Self::Created { gauges, channel, freezer } => {
                let freezer = freezer.map_or(0, |kind| kind as u32);
                header(2, *gauges, u32::from(*channel) | freezer << 1).to_vec()
            }
            Self::Failed(failed) => {
                header(3, failed.step.number().into(), failed.errno.raw_os_error() as u32).to_vec()
            }
            Self::Unprotected(why) => {
                let mut writer = Writer(header(4, 0, 0).to_vec());
                writer.text(why);
                writer.0
            }
            Self::Refused(refusal) => header(5, *refusal as u32, 0).to_vec(),
        }
    }

    pub(crate) fn decode(packet: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(packet);
        let answer = match reader.header()? {
            (1, 0, 0) => Self::Ready(reader.protections()?),
            (2, gauges, more) if gauges < GaugeKind::END => Self::Created {
                gauges,
                channel: more & 1 == 1,
                freezer: match more >> 1 {
                    0 => None,
                    number => Some(FreezerKind::from_number(number).ok_or(Malformed)?),
                },
            },
            (3, step, errno) => Self::Failed(decode_failed(step, errno)?),
            (4, 0, 0) => Self::Unprotected(reader.text()?),
            (5, 1, 0) => Self::Refused(Refusal::Malformed),
            (5, 2, 0) => Self::Refused(Refusal::Full),
            (5, 3, 0) => Self::Refused(Refusal::Duplicate),
            (5, 4, 0) => Self::Refused(Refusal::NoEgress),
            _ => return Err(Malformed),
        };
        reader.end()?;
        Ok(answer)
    }
}

fn decode_failed(step: u32, errno: u32) -> Result<Failed, Malformed> {
    let step = u16::try_from(step).ok().and_then(Step::from_number).ok_or(Malformed)?;
    // The kernel's errnos are 1 to 4095.
    if !(1..=4095).contains(&errno) {
        return Err(Malformed);
    }
    Ok(Failed { step, errno: Errno::from_raw_os_error(errno as i32) })
}

pub(crate) fn encode_options(options: &SpawnerOptions) -> Vec<u8> {
    let mut writer = Writer(Vec::new());
    writer.text(&options.name);
    writer.number(options.staging_bytes);
    writer.number(options.memory_bytes);
    writer.number(options.uid_base.into());
    writer.number(options.uid_count.into());
    writer.number(options.egress.is_some().into());
    if let Some(egress) = &options.egress {
        writer.text(&egress.network.to_string());
        writer.number(egress.bytes_per_second);
    }
    writer.0
}

pub(crate) fn decode_options(body: &[u8]) -> Result<SpawnerOptions, Malformed> {
    let mut reader = Reader(body);
    let options = SpawnerOptions {
        name: reader.text()?,
        staging_bytes: reader.number()?,
        memory_bytes: reader.number()?,
        uid_base: reader.number32()?,
        uid_count: reader.number32()?,
        egress: if reader.flag()? { Some(decode_egress_options(&mut reader)?) } else { None },
    };
    reader.end()?;
    options.check().map_err(|_| Malformed)?;
    Ok(options)
}

fn decode_egress_options(reader: &mut Reader<'_>) -> Result<EgressOptions, Malformed> {
    let network = only_form(&reader.text()?)?;
    Ok(EgressOptions { network, bytes_per_second: reader.number()? })
}

/// A text that is written as we write it. A port with a leading zero, say, means the same, and is none of ours.
fn only_form<T: FromStr + ToString>(text: &str) -> Result<T, Malformed> {
    text.parse().ok().filter(|value: &T| value.to_string() == text).ok_or(Malformed)
}

fn encode_egress(writer: &mut Writer, egress: &Egress) {
    let (kind, list) = match egress {
        Egress::None => (0, &[][..]),
        Egress::Internet => (1, &[][..]),
        Egress::Allow(list) => (2, &list[..]),
    };
    writer.number(kind);
    let texts: Vec<String> = list.iter().map(Destination::to_string).collect();
    writer.texts(texts.iter().map(String::as_str));
}

fn decode_egress(reader: &mut Reader<'_>) -> Result<Egress, Malformed> {
    let (kind, texts) = (reader.number()?, reader.texts()?);
    let list = texts.iter().map(|text| only_form(text)).collect::<Result<Vec<_>, _>>()?;
    match kind {
        0 if list.is_empty() => Ok(Egress::None),
        1 if list.is_empty() => Ok(Egress::Internet),
        2 => Ok(Egress::Allow(list)),
        _ => Err(Malformed),
    }
}

pub(crate) fn encode_spec(spec: &SandboxSpec, weakened: Weakened) -> Vec<u8> {
    let mut writer = Writer(Vec::new());
    writer.text(&spec.id);
    writer.text(&spec.tenant);
    writer.text(&spec.root.to_string_lossy());
    writer.text(spec.code.as_str());
    writer.text(&spec.cwd);
    writer.text(&spec.hostname);
    let limits = &spec.limits;
    for number in [limits.memory_bytes, limits.tmp_bytes, limits.tmp_inodes] {
        writer.number(number);
    }
    for number in [limits.pids, limits.cpu_millis, limits.init_cpu_millis, limits.open_files] {
        writer.number(number.into());
    }
    writer.number(weakened.bits().into());
    writer.number(spec.channel.into());
    writer.texts(spec.layers.iter().map(TreeName::as_str));
    writer.texts(spec.argv.iter().map(String::as_str));
    writer.texts(spec.env.iter().map(|(name, _)| name.as_str()));
    writer.texts(spec.env.iter().map(|(_, value)| value.as_str()));
    encode_egress(&mut writer, &spec.egress);
    writer.0
}

/// Decodes and checks: what comes out is within every bound.
pub(crate) fn decode_spec(body: &[u8]) -> Result<(SandboxSpec, Weakened), Malformed> {
    let mut reader = Reader(body);
    let (id, tenant) = (reader.text()?, reader.text()?);
    let (root, code) = (reader.text()?, reader.text()?);
    let (cwd, hostname) = (reader.text()?, reader.text()?);
    let limits = Limits {
        memory_bytes: reader.number()?,
        tmp_bytes: reader.number()?,
        tmp_inodes: reader.number()?,
        pids: reader.number32()?,
        cpu_millis: reader.number32()?,
        init_cpu_millis: reader.number32()?,
        open_files: reader.number32()?,
    };
    let weakened = Weakened::from_bits(reader.number32()?).ok_or(Malformed)?;
    let (channel, layers) = (reader.flag()?, reader.texts()?);
    let (argv, names, values) = (reader.texts()?, reader.texts()?, reader.texts()?);
    let egress = decode_egress(&mut reader)?;
    reader.end()?;
    if names.len() != values.len() {
        return Err(Malformed);
    }
    let spec = SandboxSpec {
        id,
        tenant,
        root: root.into(),
        code: TreeName::parse(&code).map_err(|_| Malformed)?,
        layers: layers
            .iter()
            .map(|name| TreeName::parse(name))
            .collect::<Result<_, _>>()
            .map_err(|_| Malformed)?,
        channel,
        argv,
        env: names.into_iter().zip(values).collect(),
        cwd,
        hostname,
        limits,
        egress,
    };
    spec.check().map_err(|_| Malformed)?;
    Ok((spec, weakened))
}

#[cfg(test)]
mod tests;
