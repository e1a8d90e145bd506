-- What happened in rooms, who was there, and who is told of it.

-- +goose Up
-- One row: the number of the last event of all.
CREATE TABLE ledger (
    id  INTEGER PRIMARY KEY CHECK (id = 1),
    pos INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES (1, 0);

-- The number of each room's last event, also when that has been pruned.
CREATE TABLE event_heads (
    room_id TEXT    PRIMARY KEY REFERENCES rooms (id) ON DELETE CASCADE,
    seq     INTEGER NOT NULL
) STRICT;

CREATE TABLE events (
    pos          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    room_id      TEXT    NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    seq          INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    visit        TEXT    NOT NULL,
    participant  TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    user_id      INTEGER NOT NULL, -- 0 is nobody; a deleted user's stays
    role         TEXT    NOT NULL,
    by_name      TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    recording    TEXT    NOT NULL,
    ends_at      INTEGER, -- NULL where it does not matter
    UNIQUE (room_id, seq)
) STRICT;

CREATE INDEX events_by_time ON events (at);

CREATE TABLE visits (
    id             TEXT    PRIMARY KEY,
    room_id        TEXT    NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    node           TEXT    NOT NULL,
    participant    TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    user_id        INTEGER NOT NULL, -- 0 is nobody; a deleted user's stays
    role           TEXT    NOT NULL,
    joined_at      INTEGER NOT NULL,
    media_up_at    INTEGER, -- NULL: never
    left_at        INTEGER, -- NULL: still there
    reason         TEXT    NOT NULL,
    interruptions  INTEGER NOT NULL,
    interrupted_at INTEGER, -- NULL: not now
    away           INTEGER NOT NULL
) STRICT;

CREATE INDEX visits_by_room ON visits (room_id, joined_at, id);
CREATE INDEX visits_open ON visits (node) WHERE left_at IS NULL;
CREATE INDEX visits_by_end ON visits (left_at) WHERE left_at IS NOT NULL;

CREATE TABLE nodes (
    id      TEXT    PRIMARY KEY,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE leases (
    name   TEXT    PRIMARY KEY,
    holder TEXT    NOT NULL,
    until  INTEGER NOT NULL
) STRICT;

CREATE TABLE webhooks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    url        TEXT    NOT NULL,
    secret     TEXT    NOT NULL,
    kinds      TEXT    NOT NULL, -- parted by blanks; empty is all
    all_rooms  INTEGER NOT NULL CHECK (all_rooms IN (0, 1)),
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX webhooks_by_user ON webhooks (user_id);

-- Of one webhook and room at most one delivery is due, the oldest that is not
-- done; those after it wait. "Due" tells of its turn, next_at of its time.
CREATE TABLE deliveries (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    room_id    TEXT    NOT NULL, -- empty for a test
    event_pos  INTEGER REFERENCES events (pos) ON DELETE CASCADE, -- NULL for a test
    event_id   TEXT    NOT NULL,
    event_at   INTEGER NOT NULL,
    place      INTEGER NOT NULL, -- the order within webhook and room
    state      TEXT    NOT NULL CHECK (state IN ('due', 'waiting', 'delivered', 'dead')),
    queued_at  INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_at    INTEGER,
    next_at    INTEGER,
    status     INTEGER NOT NULL DEFAULT 0,
    problem    TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id DESC);
CREATE INDEX deliveries_by_event ON deliveries (event_pos) WHERE event_pos IS NOT NULL;
CREATE UNIQUE INDEX deliveries_due ON deliveries (webhook_id, room_id) WHERE state = 'due';
CREATE INDEX deliveries_waiting ON deliveries (webhook_id, room_id, place) WHERE state = 'waiting';
CREATE INDEX deliveries_done ON deliveries (last_at) WHERE state IN ('delivered', 'dead');

-- +goose Down
DROP TABLE deliveries;
DROP TABLE webhooks;
DROP TABLE leases;
DROP TABLE nodes;
DROP TABLE visits;
DROP TABLE events;
DROP TABLE event_heads;
DROP TABLE ledger;
