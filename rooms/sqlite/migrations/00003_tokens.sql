-- What programs log in with.

-- +goose Up
CREATE TABLE tokens (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE, -- SHA-256; the token itself is kept nowhere
    scopes     TEXT    NOT NULL, -- parted by blanks
    created_at INTEGER NOT NULL,
    expires_at INTEGER -- NULL is never
) STRICT;

CREATE INDEX tokens_by_user ON tokens (user_id);

-- +goose Down
DROP TABLE tokens;
