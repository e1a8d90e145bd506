-- What a reservation can hold beside a start and a length, and the keys by
-- which clients repeat a request without doing it twice.

-- +goose Up
ALTER TABLE rooms ADD COLUMN capacity  INTEGER NOT NULL DEFAULT 0; -- 0 is the server's own limit
ALTER TABLE rooms ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0 CHECK (cancelled IN (0, 1));
ALTER TABLE rooms ADD COLUMN version   INTEGER NOT NULL DEFAULT 1;

CREATE TABLE request_keys (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    digest  BLOB    NOT NULL, -- of the request
    room_id TEXT    NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    until   INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

CREATE INDEX request_keys_by_until ON request_keys (until);

-- +goose Down
DROP TABLE request_keys;
ALTER TABLE rooms DROP COLUMN version;
ALTER TABLE rooms DROP COLUMN cancelled;
ALTER TABLE rooms DROP COLUMN capacity;
