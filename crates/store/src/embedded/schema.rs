//! The versions of the schema of `lambent.db`.
//!
//! Each step was the newest once and is never changed; a new one goes to the end.

pub(super) const STEPS: &[&str] = &["
    CREATE TABLE records (
        tbl TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (tbl, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE entries (
        log TEXT NOT NULL, position INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY (log, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE heads (log TEXT NOT NULL PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE commits (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
    INSERT INTO commits VALUES (1, 0);
    CREATE TABLE root_key (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL) STRICT;
"];
