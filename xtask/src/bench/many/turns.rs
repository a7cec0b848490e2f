//! Calls on two platforms in turns that are short enough for both to see the same machine, whatever else it does.

use std::time::Instant;

use super::account::Account;
use crate::bench::connection::{Call, Connection};
use crate::bench::load::Load;

/// Turns of each platform.
const TURNS: u32 = 10;
const REQUESTS_PER_TURN: u32 = 100;
const WARM_UP: u32 = 20;

/// Microseconds of one call of each, again and again.
pub(super) async fn again(accounts: [&Account; 2], calls: [Call; 2]) -> Result<[Vec<f64>; 2], String> {
    let mut loads = Vec::new();
    for (account, call) in accounts.iter().zip(&calls) {
        loads.push(Load::open(account.server.address, call).await?);
    }
    let mut latencies = [Vec::new(), Vec::new()];
    for _ in 0..TURNS {
        for (load, latencies) in loads.iter_mut().zip(&mut latencies) {
            latencies.extend(load.latencies(WARM_UP, REQUESTS_PER_TURN).await?);
        }
    }
    Ok(latencies)
}

/// Microseconds of each of these calls, one on the one platform and one on the other.
pub(super) async fn each(accounts: [&Account; 2], calls: [Vec<Call>; 2]) -> Result<[Vec<f64>; 2], String> {
    let [few, many] = accounts;
    let mut connections = [few.connect().await?, many.connect().await?];
    let mut latencies = [Vec::new(), Vec::new()];
    for pair in calls[0].iter().zip(&calls[1]) {
        let pair = [pair.0, pair.1];
        for ((call, connection), latencies) in pair.into_iter().zip(&mut connections).zip(&mut latencies) {
            latencies.push(one(connection, call).await?);
        }
    }
    Ok(latencies)
}

/// Microseconds of one call, signed before.
pub(super) async fn one(connection: &mut Connection, call: &Call) -> Result<f64, String> {
    let headers = connection.sign(call)?;
    let started = Instant::now();
    connection.send_signed(call, headers).await?;
    Ok(started.elapsed().as_secs_f64() * 1e6)
}
