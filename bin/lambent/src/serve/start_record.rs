//! The audit trail's record of a start: how functions are isolated from now on, and what of it is missing.
//!
//! Who reads the trail later learns what was in force when something ran, which the log of then may no longer tell. Invariant:
//! it is committed before the first call is taken.

use crate::config::Configuration;
use sandbox::{Mode, Protection, Protections};
use serde_json::json;
use store::{Store, StoreError, Transaction};
use telemetry::audit::{LOG, Outcome, Record};
use types::{Clock, Random, RequestId};

/// The source and the name of the event. Our own: AWS has no event like it.
const SOURCE: &str = "lambent";
const NAME: &str = "StartService";
/// Who starts it: whoever may on this machine, of whom the service knows nothing.
const PRINCIPAL: &str = "operator";

/// Commits it.
pub(super) async fn write(
    store: &Store,
    (clock, random): (&dyn Clock, &dyn Random),
    configuration: &Configuration,
    protections: &Protections,
) -> Result<(), StoreError> {
    let mut transaction = Transaction::new();
    transaction.append(LOG, &record((clock, random), configuration.accept_weak_isolation, protections));
    store.commit(transaction).await.map(|_| ())
}

fn record(
    (clock, random): (&dyn Clock, &dyn Random),
    weak_is_accepted: bool,
    protections: &Protections,
) -> Record {
    let id = RequestId::generate(random).to_string();
    let missing: Vec<_> =
        protections.missing().map(|one| json!({ "name": one.name, "why": one.why })).collect();
    let in_force = protections.list.iter().filter(|one| one.in_force).map(name).collect::<Vec<_>>();
    Record {
        event_id: id.clone(),
        event_time: clock.now(),
        event_source: SOURCE.to_owned(),
        event_name: NAME.to_owned(),
        principal: PRINCIPAL.to_owned(),
        account: String::new(),
        access_key_id: String::new(),
        source_ip: String::new(),
        user_agent: concat!("lambent/", env!("CARGO_PKG_VERSION")).to_owned(),
        request_id: id,
        read_only: false,
        request_parameters: json!({
            "mode": match protections.mode {
                Mode::Privileged => "privileged",
                Mode::Rootless => "rootless",
            },
            "weakIsolationAccepted": weak_is_accepted,
            "inForce": in_force,
            "missing": missing,
        }),
        resources: Vec::new(),
        outcome: Outcome::Succeeded,
    }
}

fn name(protection: &Protection) -> &str {
    &protection.name
}
