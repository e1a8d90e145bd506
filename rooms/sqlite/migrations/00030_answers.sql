-- What came of requests that had an Idempotency-Key. The key is kept as a
-- digest, and the answer sealed under it.

-- +goose Up
CREATE TABLE answers (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key     TEXT    NOT NULL,
    digest  BLOB    NOT NULL, -- of the request
    answer  BLOB,             -- NULL while it is not known
    until   INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

CREATE INDEX answers_by_until ON answers (until);

-- +goose Down
DROP TABLE answers;
