//! How SQLite finds the rows of each statement that is on somebody's path: by an index, from its first column on, so that
//! neither other lanes' rows nor rows that are not due are passed over.

use super::{groups, remove, schema, take, tidy};
use rusqlite::Connection;

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let parameters = vec![0i64; statement.parameter_count()];
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    sqlite::migrate(&mut connection, schema::STEPS).unwrap();
    connection
}

#[track_caller]
fn assert_plan(sql: &str, first: &str) {
    let plan = plan(&database(), sql);
    assert!(plan[0].contains(first), "{plan:?}");
    // Neither a scan of a table nor rows that are sorted after they were found.
    assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{plan:?}");
}

#[test]
fn no_take_passes_over_other_rows() {
    assert_plan(take::FIRST_READY, "SEARCH m USING INDEX ready (lane=?)");
    assert_plan(take::FIRST_OF_GROUP, "SEARCH m USING INDEX grouped (grp=?)");
    assert_plan(groups::DUE, "USING COVERING INDEX groups_due (lane=? AND due<?)");
    assert_plan(groups::LEASED_UNTIL, "INDEX leased_of_group (grp=?)");
    assert_plan(groups::HEAD_DUE, "INDEX grouped (grp=?)");
}

#[test]
fn no_step_of_tidying_or_removal_passes_over_other_lanes() {
    assert_plan(tidy::RIPE, "USING COVERING INDEX asleep (lane=? AND visible<?)");
    assert_plan(tidy::EXPIRED, "INDEX expiring (lane=? AND expires");
    assert_plan(remove::OF_LANE[0], "INDEX ready (lane=?)");
    assert_plan(remove::OF_LANE[1], "INDEX asleep (lane=?)");
}

/// The check finds what it looks for.
#[test]
fn a_statement_without_an_index_is_found() {
    let plan = plan(&database(), "SELECT seq FROM messages WHERE visible <= ?1");
    assert!(plan[0].starts_with("SCAN"), "{plan:?}");
}
