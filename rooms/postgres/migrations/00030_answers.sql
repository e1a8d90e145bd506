-- What came of requests that had an Idempotency-Key. The key is kept as a
-- digest, and the answer sealed under it.

-- +goose Up
CREATE TABLE answers (
    user_id bigint      NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     text        NOT NULL COLLATE "C",
    digest  bytea       NOT NULL, -- of the request
    answer  bytea,                -- NULL while it is not known
    until   timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX answers_by_until ON answers (until);

-- +goose Down
DROP TABLE answers;
