-- Who did what to what, from where, and how it went.

-- +goose Up
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    actor_id TEXT    NOT NULL,
    actor    TEXT    NOT NULL COLLATE NOCASE,
    address  TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    object   TEXT    NOT NULL,
    outcome  TEXT    NOT NULL,
    details  TEXT    NOT NULL -- JSON
) STRICT;

CREATE INDEX audit_by_actor ON audit (actor, id DESC);
CREATE INDEX audit_by_object ON audit (object, id DESC);
CREATE INDEX audit_by_time ON audit (at);

-- +goose Down
DROP TABLE audit;
