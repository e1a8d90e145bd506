-- Who gets into a room, and what is allowed there.

-- +goose Up
ALTER TABLE rooms ADD COLUMN passcode_hash    TEXT    NOT NULL DEFAULT ''; -- PBKDF2; empty is none
ALTER TABLE rooms ADD COLUMN lobby            INTEGER NOT NULL DEFAULT 0 CHECK (lobby IN (0, 1));
ALTER TABLE rooms ADD COLUMN recording_policy TEXT    NOT NULL DEFAULT 'manual';
ALTER TABLE rooms ADD COLUMN guest_role       TEXT    NOT NULL DEFAULT 'speaker';
ALTER TABLE rooms ADD COLUMN audience_denied  TEXT    NOT NULL DEFAULT ''; -- of chat, hand, reaction; parted by blanks
ALTER TABLE rooms ADD COLUMN link_epoch       INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE rooms DROP COLUMN link_epoch;
ALTER TABLE rooms DROP COLUMN audience_denied;
ALTER TABLE rooms DROP COLUMN guest_role;
ALTER TABLE rooms DROP COLUMN recording_policy;
ALTER TABLE rooms DROP COLUMN lobby;
ALTER TABLE rooms DROP COLUMN passcode_hash;
