-- Join links, so that one can be revoked alone. What opens a room is still the
-- signature in a link's token; a link that is not in here was made before.

-- +goose Up
CREATE TABLE links (
    room_id    TEXT    NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    id         TEXT    NOT NULL,
    role       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    epoch      INTEGER NOT NULL,
    maker      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER, -- NULL is never
    used_at    INTEGER, -- NULL is not yet
    revoked_at INTEGER, -- NULL is not
    PRIMARY KEY (room_id, id)
) STRICT;

-- +goose Down
DROP TABLE links;
