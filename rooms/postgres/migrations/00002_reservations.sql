-- What a reservation can hold beside a start and a length, and the keys by
-- which clients repeat a request without doing it twice.

-- +goose Up
ALTER TABLE rooms
    ADD COLUMN capacity  integer NOT NULL DEFAULT 0, -- 0 is the server's own limit
    ADD COLUMN cancelled boolean NOT NULL DEFAULT false,
    ADD COLUMN version   bigint  NOT NULL DEFAULT 1;

CREATE TABLE request_keys (
    user_id bigint      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     text        NOT NULL COLLATE "C",
    digest  bytea       NOT NULL, -- of the request
    room_id text        NOT NULL COLLATE "C" REFERENCES rooms (id) ON DELETE CASCADE DEFERRABLE,
    until   timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX request_keys_by_until ON request_keys (until);

-- +goose Down
DROP TABLE request_keys;
ALTER TABLE rooms DROP COLUMN version, DROP COLUMN cancelled, DROP COLUMN capacity;
