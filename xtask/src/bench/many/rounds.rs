//! One round: each kind of call on either side, in turns.

use super::account::{Account, name};
use super::{Comparison, FEW, NO_DEARER, turns};
use crate::bench::connection::Call;
use crate::bench::deploy;
use crate::bench::measure::EVENT;
use crate::bench::statistics::{Goal, median, percentile};

/// Functions that one round creates, asks for, invokes and deletes on the side of few, where there are not enough.
pub(super) const FUNCTIONS: usize = 200;
/// Calls of one kind, each of another function.
const CALLS: usize = 1000;
const COLD_STARTS: usize = 20;
/// Functions that have an environment each at the end.
const WARM: usize = 500;
/// The most that a page of ListFunctions holds.
const PAGE: usize = 50;
/// Of the platform's own process after all rounds, in megabytes.
const MEMORY: Goal = Goal::AtMost(80.0);

impl Comparison {
    pub(super) async fn round(&mut self, round: usize) -> Result<(), String> {
        self.pages().await?;
        self.again("GetFunction", |account| deploy::get(&name(account.functions / 2))).await?;
        let configuration = |account: &Account| deploy::configuration(&name(account.functions / 2));
        self.again("GetFunctionConfiguration", configuration).await?;
        self.each("GetFunction, another one each time", |account, number| {
            deploy::get(&name(number * 7919 % account.functions))
        })
        .await?;
        self.again("Invoke, warm", |account| invocation(account.functions / 2)).await?;
        self.each("Invoke, warm, ten functions in turn", |account, number| {
            invocation(number % FEW * (account.functions / FEW))
        })
        .await?;
        self.lives(round).await
    }

    async fn pages(&mut self) -> Result<(), String> {
        let half = FEW / 2;
        self.again("ListFunctions, first page of 5", |_| deploy::list(half, None)).await?;
        let middle = |account: &Account| deploy::list(half, Some(&account.middle));
        self.again("ListFunctions, middle page of 5", middle).await?;
        self.again("ListFunctions, page of 5, all versions", |_| deploy::list_with_versions(half)).await?;
        // The few don't fill a larger page.
        let calls = [deploy::list(PAGE, None), deploy::list(PAGE, Some(&self.many.middle))];
        let latencies = turns::again([&self.many, &self.many], calls).await?;
        self.judge("ListFunctions, middle page of 50 beside the first", latencies);
        Ok(())
    }

    /// Creates functions, invokes some that nobody has asked for before, and deletes the created ones. Among many, those
    /// that are invoked were created long ago and are never invoked elsewhere.
    async fn lives(&mut self, round: usize) -> Result<(), String> {
        let created: Vec<String> = (0..FUNCTIONS).map(|number| format!("new{round}-{number}")).collect();
        let step = self.many.functions / FUNCTIONS;
        let old: Vec<String> = (0..FUNCTIONS).map(|number| name(number * step + 1 + round)).collect();
        let creations: Vec<Call> = created.iter().map(|name| self.few.creation(name)).collect();
        self.pairs("CreateFunction", [creations.clone(), creations]).await?;
        self.few.rest().await?;
        self.many.rest().await?;
        let calls = |names: &[String], call: &dyn Fn(&str) -> Call| names.iter().map(|n| call(n)).collect();
        let both = |few, many, call: &dyn Fn(&str) -> Call| [calls(few, call), calls(many, call)];
        let (cold, unknown, unknown_too) =
            (..COLD_STARTS, COLD_STARTS..FUNCTIONS / 2, FUNCTIONS / 2..FUNCTIONS);
        let dry = both(&created[unknown.clone()], &created[unknown], &deploy::dry_run);
        self.pairs("Invoke, dry run, never looked up before", dry).await?;
        let dry = both(&created[unknown_too.clone()], &old[unknown_too], &deploy::dry_run);
        let latencies = turns::each([&self.many, &self.many], dry).await?;
        self.judge("the same, created long ago beside just now", latencies);
        let cold = both(&created[cold], &old[cold], &first);
        self.pairs("Invoke, first one of a function", cold).await?;
        self.pairs("DeleteFunction", both(&created, &created, &deploy::deletion)).await
    }

    /// Many environments at once, and what is held after all that.
    pub(super) async fn at_the_end(&mut self) -> Result<(), String> {
        let step = self.many.functions / WARM;
        let calls = || (0..WARM).map(|number| invocation(number * step));
        self.many.each(calls()).await?;
        let many = self.many.each(calls()).await?;
        let what = format!("Invoke, warm, {WARM} functions in turn");
        self.figures.add(&format!("{what}, p50"), "µs", median(&many), None, None);
        self.figures.add(&format!("{what}, p99"), "µs", percentile(&many, 0.99), None, None);
        let (few, many) = (self.few.server.own_megabytes(), self.many.server.own_megabytes());
        self.figures.add("memory after the rounds", "MB", many, None, Some(MEMORY));
        self.figures.add("memory after the rounds, few functions", "MB", few, None, None);
        Ok(())
    }

    /// The same call on both, again and again.
    async fn again(&mut self, what: &str, call: impl Fn(&Account) -> Call) -> Result<(), String> {
        let latencies = turns::again([&self.few, &self.many], [call(&self.few), call(&self.many)]).await?;
        self.judge(what, latencies);
        Ok(())
    }

    /// Calls by their numbers.
    async fn each(&mut self, what: &str, call: impl Fn(&Account, usize) -> Call) -> Result<(), String> {
        let calls = |account| (0..CALLS).map(|number| call(account, number)).collect();
        self.pairs(what, [calls(&self.few), calls(&self.many)]).await
    }

    async fn pairs(&mut self, what: &str, calls: [Vec<Call>; 2]) -> Result<(), String> {
        let latencies = turns::each([&self.few, &self.many], calls).await?;
        self.judge(what, latencies);
        Ok(())
    }

    fn judge(&mut self, what: &str, [few, many]: [Vec<f64>; 2]) {
        self.figures.add(what, "µs", median(&many), Some(median(&few)), Some(NO_DEARER));
    }
}

fn invocation(number: usize) -> Call {
    first(&name(number))
}

fn first(name: &str) -> Call {
    deploy::invocation(name, EVENT)
}
