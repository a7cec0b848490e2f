//! The cases: each one is run privileged, rootless, or both, and says so in its name.

mod failpoints;
mod frozen;
mod groups;
mod layers;
mod life;
mod resources;
mod spawner;
mod suite;
mod tenants;
mod v1_freezer;
mod view;
mod weakened;

pub(crate) use spawner::be_platform;
pub(crate) use v1_freezer::{WORD as WITHOUT_V2, run as run_without_v2};

pub(crate) use life::{first_line, pid_in};

use crate::egress;
use crate::harness::{Bench, Case, Ended, Verdict};

/// Those that hold in both modes.
macro_rules! both {
    ($mode:literal) => {
        vec![
            (concat!($mode, "_program_gets_its_arguments_variables_and_streams"), view::program as _),
            (concat!($mode, "_attacks_are_held"), suite::held as _),
            (concat!($mode, "_attacks_get_through_without_what_stops_them"), suite::twins as _),
            (concat!($mode, "_attacks_are_held_by_each_layer_alone"), suite::each_layer as _),
            (concat!($mode, "_identity_is_unprivileged"), view::identity as _),
            (concat!($mode, "_a_replaced_root_is_another"), view::replaced_root as _),
            (concat!($mode, "_tmp_shared_memory_and_null_are_writable"), view::writable as _),
            (concat!($mode, "_dev_has_five_devices"), view::devices as _),
            (concat!($mode, "_uid_has_a_line_in_passwd"), view::passwd as _),
            (concat!($mode, "_a_tenant_that_fills_its_memory_ends_its_own"), tenants::memory as _),
            (concat!($mode, "_tenants_have_the_same_processor_time"), tenants::processor as _),
            (concat!($mode, "_limits_are_set"), view::limits as _),
            (concat!($mode, "_limits_cannot_be_raised"), view::change_limits as _),
            (
                concat!($mode, "_descriptors_in_flight_stop_nobody_else"),
                resources::descriptors_in_flight as _,
            ),
            (concat!($mode, "_spawner_runs_from_a_sealed_copy"), spawner::sealed as _),
            (concat!($mode, "_start_is_refused_after_the_first_thread"), spawner::threads_refused as _),
            (concat!($mode, "_runtime_api_is_reachable"), life::runtime_api as _),
            (concat!($mode, "_platforms_api_is_reachable"), life::platform as _),
            (concat!($mode, "_names_are_asked_of_the_platform"), life::names as _),
            (concat!($mode, "_channel_is_the_runtimes_alone"), life::channel as _),
            (concat!($mode, "_layers_merge_and_later_ones_win"), layers::merge as _),
            (concat!($mode, "_layers_are_read_only"), layers::writes as _),
            (concat!($mode, "_layers_show_nothing_of_the_host"), layers::mounts as _),
            (concat!($mode, "_weak_layers_let_writes_through"), weakened::layers as _),
            (concat!($mode, "_threads_work"), life::threads as _),
            (concat!($mode, "_wait_status_is_reported"), life::status as _),
            (concat!($mode, "_sigterm_reaches_the_runtime"), life::terminate as _),
            (concat!($mode, "_stopped_and_deaf_programs_are_killed"), life::stubborn as _),
            (concat!($mode, "_a_hundred_environments_leave_nothing"), life::nothing_leaks as _),
            (concat!($mode, "_daemons_die_with_the_environment"), life::daemons as _),
            (concat!($mode, "_failures_inside_leave_nothing_at_any_step"), failpoints::inside as _),
            (concat!($mode, "_failures_of_the_spawner_leave_nothing_at_any_step"), failpoints::spawner as _),
            (concat!($mode, "_failures_of_a_start_leave_nothing_at_any_step"), failpoints::start as _),
            (concat!($mode, "_what_is_frozen_makes_no_progress"), frozen::no_progress as _),
            (concat!($mode, "_weak_freezer_lets_it_run_on"), frozen::weak as _),
            (concat!($mode, "_timers_expire_while_it_is_frozen"), frozen::timers as _),
            (concat!($mode, "_what_is_frozen_is_killed_with_its_daemons"), frozen::killed as _),
            (concat!($mode, "_what_is_frozen_hears_sigterm"), frozen::terminated as _),
            (concat!($mode, "_creations_run_side_by_side"), life::parallel as _),
            (concat!($mode, "_failures_name_their_step_and_leave_nothing"), life::failures as _),
            (concat!($mode, "_death_of_the_platform_leaves_nothing"), spawner::platform_dies as _),
            (concat!($mode, "_death_of_the_spawner_leaves_no_process"), spawner::spawner_dies as _),
        ]
    };
}

pub(crate) fn privileged() -> Vec<Case> {
    let mut cases: Vec<Case> = both!("root");
    let only: Vec<Case> = vec![
        ("root_egress_leads_to_the_internet_only", |bench| egress::scenario(bench, "internet")),
        ("root_egress_leads_to_what_is_listed_only", |bench| egress::scenario(bench, "list")),
        ("root_egress_leads_nobody_in", |bench| egress::scenario(bench, "neighbours")),
        ("root_egress_has_a_rate", |bench| egress::scenario(bench, "rate")),
        ("root_egress_has_one_source", |bench| egress::scenario(bench, "spoof")),
        ("root_egress_takes_no_source_routes", |bench| egress::scenario(bench, "source-routes")),
        ("root_egress_bounds_connections", |bench| egress::scenario(bench, "connections")),
        ("root_egress_goes_though_data_waits", |bench| egress::scenario(bench, "orphans")),
        ("root_egress_leaves_nothing", |bench| egress::scenario(bench, "leftovers")),
        ("root_egress_that_cannot_be_says_why", |bench| egress::scenario(bench, "refusals")),
        ("root_egress_costs_little", |bench| egress::scenario(bench, "cost")),
        ("root_freezing_by_cgroup_v1_holds_too", v1_freezer::half),
        ("root_egress_that_fails_leaves_nothing", failing_egress),
        ("root_weak_egress_reaches_what_it_must_not", weak_egress),
        ("root_a_platform_without_rights_ends_environments", life::without_rights),
        ("root_memory_of_init_holds_nothing_of_a_neighbour", life::memory_of_init),
        ("root_processes_of_leftovers_are_killed", spawner::leftover_process),
        ("root_tmp_does_not_count_as_the_functions_memory", resources::tmp_memory),
        ("root_processor_time_is_in_proportion_to_the_share", resources::processor),
        ("root_memory_of_all_is_limited_and_only_who_used_it_dies", resources::memory_of_all),
        ("root_an_initialisation_has_a_whole_processor", resources::processor_at_first),
        ("root_leftovers_are_removed_at_the_next_start", spawner::leftovers),
    ];
    cases.extend(only);
    cases.extend(groups::privileged());
    cases
}

pub(crate) fn rootless() -> Vec<Case> {
    let mut cases: Vec<Case> = both!("rootless");
    let only: Vec<Case> = vec![("rootless_missing_protections_are_named", view::missing)];
    cases.extend(only);
    cases.extend(groups::rootless());
    cases
}

#[cfg(feature = "failpoints")]
fn failing_egress(bench: &Bench) -> Verdict {
    egress::scenario(bench, "failures")
}

#[cfg(not(feature = "failpoints"))]
fn failing_egress(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `failpoints`".to_owned())
}

#[cfg(feature = "weaken")]
fn weak_egress(bench: &Bench) -> Verdict {
    egress::scenario(bench, "weak")
}

#[cfg(not(feature = "weaken"))]
fn weak_egress(_bench: &Bench) -> Verdict {
    Verdict::Skipped("built without the feature `weaken`".to_owned())
}

/// The result of the line with this name.
fn result<'a>(ended: &'a Ended, name: &str) -> &'a str {
    let line = ended.output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no line {name:?} in {ended:?}"))
}

fn passed() -> Verdict {
    Verdict::Passed
}
