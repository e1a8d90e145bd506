-- What programs log in with.

-- +goose Up
CREATE TABLE tokens (
    id         bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_id    bigint      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       text        NOT NULL,
    hash       bytea       NOT NULL UNIQUE, -- SHA-256; the token itself is kept nowhere
    scopes     text[]      NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz -- NULL is never
);

CREATE INDEX tokens_by_user ON tokens (user_id);

-- +goose Down
DROP TABLE tokens;
