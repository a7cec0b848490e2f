//! Who loses events when all accounts' logs together take too much.

use super::*;

/// Room for about 190 lines of [`line`], when ten are written at a time.
const BOUND: u64 = 200_000;

fn neighbour() -> AccountId {
    "111111111111".parse().unwrap()
}

fn line(n: i64) -> (i64, String) {
    (n, format!("{n:0>1000}"))
}

fn stream_in(account: AccountId, stream: &str) -> Arc<LogStream> {
    Arc::new(LogStream { account, ..(*stream_of(GROUP, stream)).clone() })
}

impl Bench {
    /// Writes lines of these times to one stream of an account, ten in a transaction, each with its time as its text.
    async fn write_as(&self, account: AccountId, stream: &str, times: std::ops::Range<i64>) {
        let stream = stream_in(account, stream);
        for start in times.clone().step_by(10) {
            let lines = (start..times.end.min(start + 10)).map(line);
            let lines = lines.map(|(at, message)| LogLine { at: Timestamp(at), message }).collect();
            self.logs.accept(LogBatch { stream: Arc::clone(&stream), lines }).await;
            self.logs.settled(false).await.unwrap();
        }
    }

    /// The times of what an account has; checks that its group counts exactly that.
    async fn times_of(&self, account: AccountId) -> Vec<i64> {
        let context = Context { account, ..context() };
        let mut input = of_group();
        let mut times = Vec::new();
        loop {
            let page = self.logs.filter_events(input.clone(), &context, bounds(16 << 20)).await.unwrap();
            times.extend(page.events.into_iter().flatten().map(|event| event.timestamp.unwrap()));
            input.next_token = page.next_token;
            if input.next_token.is_none() {
                break;
            }
        }
        let stored = self.logs.group(account, GROUP).await.unwrap().value.stored_bytes;
        assert_eq!(stored, times.len() as u64 * 1026);
        times
    }

    async fn reopen(self) -> Self {
        Self::bounded(self.end().await, BOUND)
    }
}

#[tokio::test]
async fn a_flood_takes_from_its_own_account_alone() {
    let mut bench = Bench::bounded(tempfile::tempdir().unwrap(), BOUND);
    bench.write_as(neighbour(), "older", 0..20).await;
    for end in [500, 1000, 1500] {
        bench.write_as(AccountId::FIRST, "flood", end - 500..end).await;
        let flood = bench.times_of(AccountId::FIRST).await;
        assert!((140..180).contains(&flood.len()), "what the neighbour leaves: {}", flood.len());
        let oldest = end - flood.len() as i64;
        assert_eq!(flood, (oldest..end).collect::<Vec<_>>(), "its own oldest went");
        assert_eq!(bench.times_of(neighbour()).await, (0..20).collect::<Vec<_>>());
        bench = bench.reopen().await;
    }
    bench.write_as(neighbour(), "older", 20..30).await;
    assert_eq!(bench.times_of(neighbour()).await, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_an_account_took_beyond_its_share_goes_when_another_comes() {
    let mut bench = Bench::bounded(tempfile::tempdir().unwrap(), BOUND);
    bench.write_as(AccountId::FIRST, "early", 0..500).await;
    bench = bench.reopen().await;
    bench.write_as(neighbour(), "late", 0..500).await;
    bench = bench.reopen().await;
    for round in 5..8 {
        let (early, late) = (bench.times_of(AccountId::FIRST).await, bench.times_of(neighbour()).await);
        assert!((80..100).contains(&early.len()) && (80..100).contains(&late.len()), "half each");
        assert!(early.is_sorted() && late.is_sorted() && late.last().unwrap() % 100 == 99);
        bench.write_as(AccountId::FIRST, "early", round * 100..round * 100 + 100).await;
        bench.write_as(neighbour(), "late", round * 100..round * 100 + 100).await;
        bench = bench.reopen().await;
    }
}

#[tokio::test]
async fn as_much_goes_as_comes_however_many_accounts_write_at_once() {
    let accounts: Vec<AccountId> = (0..50).map(|n| format!("{n:012}").parse().unwrap()).collect();
    let one_line_each = accounts.len() as u64 * (1026 + 512);
    let bench = Bench::bounded(tempfile::tempdir().unwrap(), one_line_each);
    for n in 0..3 {
        for account in &accounts {
            let (at, message) = line(n);
            let lines = vec![LogLine { at: Timestamp(at), message }];
            bench.logs.accept(LogBatch { stream: stream_in(*account, "a"), lines }).await;
        }
        bench.logs.settled(false).await.unwrap();
        for account in &accounts {
            assert_eq!(bench.times_of(*account).await, [n]);
        }
    }
}
