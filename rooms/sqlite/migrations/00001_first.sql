-- Times are milliseconds since 1970, UTC. Durations are milliseconds.

-- +goose Up
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('admin', 'host')),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    allow_from    TEXT    NOT NULL DEFAULT '', -- CIDRs parted by blanks
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE rooms (
    id          TEXT    PRIMARY KEY,
    creator_id  INTEGER NOT NULL REFERENCES users (id),
    description TEXT    NOT NULL,
    timezone    TEXT    NOT NULL,
    starts_at   INTEGER NOT NULL,
    duration    INTEGER NOT NULL,
    ends_at     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX rooms_by_start ON rooms (starts_at DESC, id DESC);
CREATE INDEX rooms_by_creator ON rooms (creator_id, starts_at DESC, id DESC);

CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- +goose Down
DROP TABLE secrets;
DROP TABLE rooms;
DROP TABLE users;
