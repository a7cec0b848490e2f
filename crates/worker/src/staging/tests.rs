//! Shared, bounded, complete or absent.

use super::*;
use crate::simulation::Simulation;
use crate::story::Packages;
use proptest::prelude::*;

struct Area {
    simulation: Arc<Simulation>,
    packages: Arc<Packages>,
    staging: Arc<Staging>,
}

fn area(bound: u64) -> Area {
    let simulation = Arc::new(Simulation::new(|_| async { 0 }).unwrap());
    let packages = Arc::<Packages>::default();
    let staging = Staging::new(Arc::clone(&simulation) as _, Arc::clone(&packages) as _, bound);
    Area { simulation, packages, staging: Arc::new(staging) }
}

impl Area {
    async fn tree(&self, code: &Code) -> Result<Tree, StartError> {
        self.tree_of(AccountId::FIRST, code).await
    }

    async fn tree_of(&self, account: AccountId, code: &Code) -> Result<Tree, StartError> {
        self.staging.begin(account, code).tree().await
    }

    /// What is in the area when everything that goes has gone.
    async fn names(&self) -> Vec<String> {
        while self.staging.held.lock().unwrap().busy > 0 {
            tokio::task::yield_now().await;
        }
        let entries = std::fs::read_dir(self.simulation.staging_path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn a_package_is_extracted_once_for_all_who_want_it() {
    let area = area(1 << 30);
    let code = area.packages.add(b"print('hello')");
    let (one, two) = tokio::join!(area.tree(&code), area.tree(&code));
    let three = area.tree(&code).await;
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(area.packages.reads.load(Ordering::SeqCst), 1);
    assert_eq!(area.names().await, [code.id.to_string()]);
    let file = area.simulation.staging_path().join(code.id.to_string()).join("app.py");
    assert_eq!(std::fs::read(file).unwrap(), b"print('hello')");
}

#[tokio::test]
async fn what_was_used_least_recently_makes_way_and_what_is_in_use_stays() {
    // Room for the largest package and one small one more.
    let area = area(package::Limits::default().unzipped_bytes + ENTRY_BYTES + 1);
    let codes = [b"1", b"2", b"3"].map(|content| area.packages.add(content));
    let held = area.tree(&codes[0]).await.unwrap();
    for code in &codes[1..] {
        drop(area.tree(code).await.unwrap());
    }
    let mut expected = [codes[0].id.to_string(), codes[2].id.to_string()];
    expected.sort();
    assert_eq!(area.names().await, expected, "the second went, the first is in use");
    drop(held);
    drop(area.tree(&codes[1]).await.unwrap());
    let mut expected = [codes[1].id.to_string(), codes[2].id.to_string()];
    expected.sort();
    assert_eq!(area.names().await, expected, "the first is the oldest now");
}

#[tokio::test]
async fn when_all_trees_are_in_use_a_package_that_doesnt_fit_is_refused_and_leaves_nothing() {
    let area = area(4 * ENTRY_BYTES);
    let small = area.packages.add(b"1");
    let held = area.tree(&small).await.unwrap();
    let large = area.packages.add(&[b'x'; 5 * ENTRY_BYTES as usize]);
    assert!(matches!(area.tree(&large).await, Err(StartError::StagingFull { .. })));
    assert_eq!(area.names().await, [small.id.to_string()]);
    assert_eq!(area.staging.held.lock().unwrap().trees.len(), 1, "a failure is not remembered");
    drop(held);
}

/// An area of ten pages for packages of up to four.
fn shared_area() -> Area {
    let mut area = area(10 * ENTRY_BYTES);
    Arc::get_mut(&mut area.staging).unwrap().limits.unzipped_bytes = 4 * ENTRY_BYTES;
    area
}

#[tokio::test]
async fn whoever_fills_the_area_leaves_room_for_anothers_largest_package() {
    let area = shared_area();
    let code = |n: u8| area.packages.add(&[n; 2 * ENTRY_BYTES as usize]);
    // Three pages each, the entry included.
    let held = [area.tree(&code(1)).await.unwrap(), area.tree(&code(2)).await.unwrap()];
    assert!(matches!(area.tree(&code(3)).await, Err(StartError::StagingFull { .. })));
    let other = "222222222222".parse().unwrap();
    let others = area.tree_of(other, &code(4)).await.unwrap();
    drop(held);
    assert!(area.tree(&code(3)).await.is_ok(), "what is not in use doesn't count");
    drop(others);
}

#[tokio::test]
async fn code_and_layers_are_in_place_together_or_the_start_fails() {
    let area = shared_area();
    let [code, one, two] = [1u8, 2, 3].map(|n| area.packages.add(&[n]));
    let trees = area.staging.trees(AccountId::FIRST, &code, &[one.clone(), two.clone(), one.clone()]).await;
    let trees = trees.unwrap();
    assert_eq!(trees.code.id, code.id);
    assert_eq!(trees.layers.iter().map(|tree| tree.id).collect::<Vec<_>>(), [one.id, two.id, one.id]);
    assert_eq!(area.packages.reads.load(Ordering::SeqCst), 3);
    // Two pages each: nothing of them may go for one of three.
    let large = area.packages.add(&[4; 2 * ENTRY_BYTES as usize]);
    assert!(matches!(area.tree(&large).await, Err(StartError::StagingFull { .. })));
    drop(trees);
    assert!(area.tree(&large).await.is_ok());

    let gone = Code { id: CodeId::new([7; 32]), place: String::new() };
    let trees = area.staging.trees(AccountId::FIRST, &code, &[one, gone]).await;
    assert!(matches!(trees, Err(StartError::Code(crate::CodeError::Gone))));
}

/// Code of three pages, the entry included.
fn three_pages(area: &Area, n: u8) -> Code {
    area.packages.add(&[n; 2 * ENTRY_BYTES as usize])
}

fn other() -> AccountId {
    "222222222222".parse().unwrap()
}

#[tokio::test]
async fn what_others_do_with_a_shared_package_takes_nothing_of_its_first_users_share() {
    let area = shared_area();
    let layer = three_pages(&area, 1);
    drop(area.tree(&layer).await.unwrap());
    let theirs = area.tree_of(other(), &layer).await.unwrap();
    let own = [area.tree(&three_pages(&area, 2)).await, area.tree(&three_pages(&area, 3)).await];
    assert!(own.iter().all(Result::is_ok), "a share of six pages is all its own");
    drop(theirs);
}

#[tokio::test]
async fn nobody_runs_on_anothers_share() {
    let area = shared_area();
    let codes = [1, 2, 3].map(|n| three_pages(&area, n));
    let own = [area.tree(&codes[0]).await.unwrap(), area.tree(&codes[1]).await.unwrap()];
    let theirs =
        [area.tree_of(other(), &codes[0]).await.unwrap(), area.tree_of(other(), &codes[1]).await.unwrap()];
    assert!(matches!(area.tree_of(other(), &codes[2]).await, Err(StartError::StagingFull { .. })));
    drop(own);
    let third = area.tree(&codes[2]).await.unwrap();
    let joined = area.tree_of(other(), &codes[2]).await;
    assert!(matches!(joined, Err(StartError::StagingFull { .. })), "it is there, and more than their share");
    let again = area.tree_of(other(), &codes[0]).await;
    assert!(again.is_ok(), "what they use already costs nothing more");
    drop((theirs, again));
    assert!(area.tree_of(other(), &codes[2]).await.is_ok());
    drop(third);
}

#[derive(Debug, Clone)]
enum Step {
    Use(bool, usize),
    Drop(usize),
}

async fn tell(steps: Vec<Step>) {
    let area = shared_area();
    let codes = [1, 2, 3].map(|n| three_pages(&area, n));
    let mut in_use: Vec<(AccountId, Tree)> = Vec::new();
    for step in steps {
        match step {
            Step::Use(first, code) => {
                let account = if first { AccountId::FIRST } else { other() };
                if let Ok(tree) = area.tree_of(account, &codes[code]).await {
                    in_use.push((account, tree));
                }
            }
            Step::Drop(at) if !in_use.is_empty() => drop(in_use.swap_remove(at % in_use.len())),
            Step::Drop(_) => {}
        }
        let names = area.names().await;
        let held = area.staging.held.lock().unwrap();
        for account in [AccountId::FIRST, other()] {
            let mut ids: Vec<_> =
                in_use.iter().filter(|(a, _)| *a == account).map(|(_, tree)| tree.id.to_string()).collect();
            ids.sort();
            ids.dedup();
            assert!(ids.iter().all(|id| names.contains(id)), "a tree in use is there");
            assert_eq!(held.shares.of(account), ids.len() as u64 * 3 * ENTRY_BYTES);
            assert!(held.shares.of(account) <= area.staging.share());
        }
        assert!(held.used <= area.staging.bound);
        assert_eq!(held.used, names.len() as u64 * 3 * ENTRY_BYTES);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn every_accounts_share_is_what_it_uses(
        steps in prop::collection::vec(
            prop_oneof![
                3 => (any::<bool>(), 0..3usize).prop_map(|(first, code)| Step::Use(first, code)),
                2 => (0..8usize).prop_map(Step::Drop),
            ],
            1..20,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(tell(steps));
    }
}

#[tokio::test]
async fn many_small_files_stay_within_the_bound_too() {
    let area = shared_area();
    let fits = area.packages.add_files(5);
    drop(area.tree(&fits).await.unwrap());
    let burst = area.packages.add_files(50);
    assert!(matches!(area.tree(&burst).await, Err(StartError::StagingFull { .. })));
    assert_eq!(area.names().await, [fits.id.to_string()]);
    let held = area.staging.held.lock().unwrap();
    assert_eq!((held.used, held.trees.len()), (5 * ENTRY_BYTES, 1));
}

#[tokio::test]
async fn a_package_that_is_another_or_gone_is_refused() {
    let area = area(1 << 30);
    let missing = Code { id: CodeId::new([7; 32]), place: String::new() };
    assert!(matches!(area.tree(&missing).await, Err(StartError::Code(crate::CodeError::Gone))));
    let wrong = area.packages.add_wrong(b"1");
    assert!(matches!(area.tree(&wrong).await, Err(StartError::WrongCode(_))));
    assert!(area.names().await.is_empty());
    assert_eq!(area.staging.held.lock().unwrap().used, 0);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_half_tree() {
    let area = area(1 << 30);
    let code = area.packages.add(b"1");
    tokio::select! {
        biased;
        _ = area.tree(&code) => panic!("it is not that fast"),
        () = std::future::ready(()) => {}
    }
    assert!(area.tree(&code).await.is_ok());
    assert_eq!(area.packages.reads.load(Ordering::SeqCst), 1);
    assert_eq!(area.names().await, [code.id.to_string()]);
}
