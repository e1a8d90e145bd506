-- Join links, so that one can be revoked alone. What opens a room is still the
-- signature in a link's token; a link that is not in here was made before.

-- +goose Up
CREATE TABLE links (
    room_id    text        NOT NULL COLLATE "C" REFERENCES rooms (id) ON DELETE CASCADE,
    id         text        NOT NULL COLLATE "C",
    role       text        NOT NULL,
    name       text        NOT NULL,
    label      text        NOT NULL,
    epoch      bigint      NOT NULL,
    maker      text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz, -- NULL is never
    used_at    timestamptz, -- NULL is not yet
    revoked_at timestamptz, -- NULL is not
    PRIMARY KEY (room_id, id)
);

-- +goose Down
DROP TABLE links;
