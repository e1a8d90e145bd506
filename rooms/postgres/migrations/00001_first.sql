-- Times are UTC, to the millisecond. Names and ids compare by their bytes,
-- whatever the database's collation: "C" knows the cases of ASCII only.

-- +goose Up
CREATE TABLE users (
    id            bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    name          text        NOT NULL COLLATE "C",
    password_hash text        NOT NULL,
    role          text        NOT NULL CHECK (role IN ('admin', 'host')),
    disabled      boolean     NOT NULL DEFAULT false,
    allow_from    inet[]      NOT NULL DEFAULT '{}', -- empty is everywhere
    created_at    timestamptz NOT NULL
);

CREATE UNIQUE INDEX users_by_name ON users (lower(name));

CREATE TABLE rooms (
    id          text        PRIMARY KEY COLLATE "C",
    creator_id  bigint      NOT NULL REFERENCES users (id),
    description text        NOT NULL,
    timezone    text        NOT NULL,
    starts_at   timestamptz NOT NULL,
    duration_ms bigint      NOT NULL, -- as reserved; ends_at is when it really ends
    ends_at     timestamptz NOT NULL,
    created_at  timestamptz NOT NULL
);

CREATE INDEX rooms_by_start ON rooms (starts_at DESC, id DESC);
CREATE INDEX rooms_by_creator ON rooms (creator_id, starts_at DESC, id DESC);
CREATE INDEX rooms_by_end ON rooms (ends_at);

CREATE TABLE secrets (
    name  text  PRIMARY KEY COLLATE "C",
    value bytea NOT NULL
);

-- +goose Down
DROP TABLE secrets;
DROP TABLE rooms;
DROP TABLE users;
