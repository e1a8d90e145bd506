-- Who did what to what, from where, and how it went.

-- +goose Up
CREATE TABLE audit (
    id       bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at       timestamptz NOT NULL,
    kind     text        NOT NULL,
    actor_id text        NOT NULL,
    actor    text        NOT NULL,
    address  text        NOT NULL,
    action   text        NOT NULL COLLATE "C",
    object   text        NOT NULL,
    outcome  text        NOT NULL,
    details  jsonb       NOT NULL
);

CREATE INDEX audit_by_actor ON audit (lower(actor), id DESC);
CREATE INDEX audit_by_object ON audit (object, id DESC);
CREATE INDEX audit_by_time ON audit (at);

-- +goose Down
DROP TABLE audit;
