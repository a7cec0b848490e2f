//! Admission alone: exact limits, and many threads at once.

use super::*;
use proptest::prelude::*;
use std::sync::atomic::AtomicBool;

const PLAIN: Limits = Limits { account: 2, reserved_total: 0, reserved: None };

fn running(load: &FunctionLoad) -> (u32, u32, u32) {
    let count = |running: &Running| running.0.load(Ordering::SeqCst);
    (count(&load.running), count(&load.account.unreserved), count(&load.account.all))
}

#[test]
fn the_accounts_limit_holds_and_ends() {
    let load = Arc::new(FunctionLoad::default());
    let first = load.admit(PLAIN).unwrap();
    let _second = load.admit(PLAIN).unwrap();
    assert_eq!(load.admit(PLAIN).unwrap_err(), Refusal::Account);
    assert!(Arc::new(FunctionLoad::default()).admit(PLAIN).is_ok(), "another account");
    drop(first);
    assert!(load.admit(PLAIN).is_ok());
}

#[test]
fn a_reservation_is_a_limit_and_a_promise() {
    let account = Arc::new(AccountLoad::default());
    let [reserved, other] = [0; 2].map(|_| Arc::new(FunctionLoad::new(Arc::clone(&account))));
    let rest = Limits { account: 5, reserved_total: 2, reserved: None };
    let own = Limits { reserved: Some(2), ..rest };
    let others = [0; 3].map(|_| other.admit(rest).unwrap());
    assert_eq!(other.admit(rest).unwrap_err(), Refusal::Account);
    let _owned = [0; 2].map(|_| reserved.admit(own).unwrap());
    assert_eq!(reserved.admit(own).unwrap_err(), Refusal::Function);
    drop(others);
    assert_eq!(reserved.admit(own).unwrap_err(), Refusal::Function, "what others leave isn't its own");
}

#[test]
fn a_reservation_of_nothing_stops_the_function() {
    let load = Arc::new(FunctionLoad::default());
    assert_eq!(load.admit(Limits { reserved: Some(0), ..PLAIN }).unwrap_err(), Refusal::Function);
    assert_eq!(running(&load), (0, 0, 0));
    assert!(load.admit(PLAIN).is_ok());
}

#[test]
fn reservations_above_the_accounts_limit_leave_nothing_for_others() {
    let load = Arc::new(FunctionLoad::default());
    assert_eq!(load.admit(Limits { reserved_total: 3, ..PLAIN }).unwrap_err(), Refusal::Account);
}

proptest! {
    /// Invocations come and go under limits that change at any time: no admission is beyond its limits, none is lost.
    #[test]
    fn counts_are_those_of_the_living(
        steps in prop::collection::vec((0..3_usize, 0..6_u32, 0..4_u32, prop::option::of(0..4_u32), any::<bool>()), 1..200),
    ) {
        let account = Arc::new(AccountLoad::default());
        let functions = [0; 3].map(|_| Arc::new(FunctionLoad::new(Arc::clone(&account))));
        let mut living: Vec<(usize, Admission)> = Vec::new();
        for (function, account_limit, reserved_total, reserved, enters) in steps {
            let load = &functions[function];
            let (own, unreserved, all) = running(load);
            if enters {
                let admitted = load.admit(Limits { account: account_limit, reserved_total, reserved });
                let fits = match reserved {
                    Some(reserved) => own < reserved && all < account_limit,
                    None => all < account_limit && unreserved < account_limit.saturating_sub(reserved_total),
                };
                prop_assert_eq!(admitted.is_ok(), fits);
                living.extend(admitted.ok().map(|admission| (function, admission)));
            } else if !living.is_empty() {
                living.swap_remove(function % living.len());
            }
            for (index, load) in functions.iter().enumerate() {
                let own = living.iter().filter(|(function, _)| *function == index).count();
                let unreserved = living.iter().filter(|(_, a)| a.share == Share::Unreserved).count();
                prop_assert_eq!(running(load), (own as u32, unreserved as u32, living.len() as u32));
            }
        }
    }
}

/// What threads see of the invocations that are inside at the same time.
#[derive(Default)]
struct Inside {
    now: AtomicU32,
    most: AtomicU32,
}

impl Inside {
    fn visit(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        std::thread::yield_now();
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn many_threads_never_overshoot() {
    const THREADS: usize = 16;
    let account = Arc::new(AccountLoad::default());
    let [reserved, other] = [0; 2].map(|_| Arc::new(FunctionLoad::new(Arc::clone(&account))));
    let rest = Limits { account: 7, reserved_total: 3, reserved: None };
    let own = Limits { reserved: Some(3), ..rest };
    let (in_own, in_rest, in_all) = (Inside::default(), Inside::default(), Inside::default());
    let refused_after_room = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (load, limits, inside) =
                if thread % 2 == 0 { (&reserved, own, &in_own) } else { (&other, rest, &in_rest) };
            let (in_all, refused_after_room) = (&in_all, &refused_after_room);
            scope.spawn(move || {
                for _ in 0..5_000 {
                    match load.admit(limits) {
                        Ok(_admission) => {
                            in_all.now.fetch_add(1, Ordering::SeqCst);
                            inside.visit();
                            in_all.now.fetch_sub(1, Ordering::SeqCst);
                        }
                        Err(Refusal::Account) if limits.reserved.is_some() => {
                            refused_after_room.store(true, Ordering::SeqCst);
                        }
                        Err(_) => std::thread::yield_now(),
                    }
                }
            });
        }
    });
    let most = |inside: &Inside| inside.most.load(Ordering::SeqCst);
    assert!((1..=3).contains(&most(&in_own)), "{}", most(&in_own));
    assert!((1..=4).contains(&most(&in_rest)), "{}", most(&in_rest));
    assert!(!refused_after_room.load(Ordering::SeqCst), "a reservation is never refused for others' sake");
    assert_eq!((running(&reserved), running(&other)), ((0, 0, 0), (0, 0, 0)));
}
