//! The versions of the schema of `queue.db`, and its statements' common words.
//!
//! Each step was the newest once and is never changed; a new one goes to the end.
//!
//! `messages` is small and changes with each take; the sealed bytes stand apart in `bodies` and are written once. A
//! message's `state` is 0 (ready), 1 (delayed) or 2 (leased); `visible` is when it is due or its lease ends. Each message
//! is in exactly one of the indexes `ready` and `asleep`, so that neither a take nor a removal ever passes over another
//! lane's rows or over rows that are not due. `groups.due` is when the group's first message may be given.

pub(super) const STEPS: &[&str] = &["
    CREATE TABLE lanes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, fifo INTEGER NOT NULL,
        paused INTEGER NOT NULL DEFAULT 0,
        ready INTEGER NOT NULL DEFAULT 0, delayed INTEGER NOT NULL DEFAULT 0, leased INTEGER NOT NULL DEFAULT 0,
        bytes INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0,
        UNIQUE (name, fifo)
    ) STRICT;
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY, lane INTEGER NOT NULL, state INTEGER NOT NULL, visible INTEGER NOT NULL,
        fence INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, first_taken INTEGER,
        enqueued INTEGER NOT NULL, expires INTEGER, grp INTEGER, bytes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX ready ON messages (lane, visible) WHERE state = 0;
    CREATE INDEX asleep ON messages (lane, visible, state) WHERE state != 0;
    CREATE INDEX expiring ON messages (lane, expires) WHERE expires IS NOT NULL;
    CREATE INDEX grouped ON messages (grp) WHERE grp IS NOT NULL;
    CREATE INDEX leased_of_group ON messages (grp, visible) WHERE grp IS NOT NULL AND state = 2;
    CREATE TABLE bodies (seq INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
    CREATE TABLE groups (
        id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, name BLOB NOT NULL, due INTEGER NOT NULL,
        UNIQUE (lane, name)
    ) STRICT;
    CREATE INDEX groups_due ON groups (lane, due);
    CREATE TABLE keys (
        lane INTEGER NOT NULL, key BLOB NOT NULL, seq INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (lane, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX keys_until ON keys (until);
    CREATE TABLE quarantine (
        seq INTEGER PRIMARY KEY, lane INTEGER NOT NULL, reason TEXT NOT NULL, found INTEGER NOT NULL,
        enqueued INTEGER NOT NULL, attempts INTEGER NOT NULL, sealed BLOB
    ) STRICT;
    CREATE INDEX quarantine_of_lane ON quarantine (lane, seq);
    CREATE TABLE sequences (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), reserved INTEGER NOT NULL) STRICT;
    INSERT INTO sequences VALUES (1, 0);
    CREATE TABLE root_key (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL) STRICT;
"];
