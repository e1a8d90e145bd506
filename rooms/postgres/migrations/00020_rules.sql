-- Who gets into a room, and what is allowed there.

-- +goose Up
ALTER TABLE rooms
    ADD COLUMN passcode_hash    text    NOT NULL DEFAULT '', -- PBKDF2; empty is none
    ADD COLUMN lobby            boolean NOT NULL DEFAULT false,
    ADD COLUMN recording_policy text    NOT NULL DEFAULT 'manual',
    ADD COLUMN guest_role       text    NOT NULL DEFAULT 'speaker',
    ADD COLUMN audience_denied  text    NOT NULL DEFAULT '', -- of chat, hand, reaction; parted by blanks
    ADD COLUMN link_epoch       bigint  NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE rooms DROP COLUMN link_epoch, DROP COLUMN audience_denied, DROP COLUMN guest_role,
    DROP COLUMN recording_policy, DROP COLUMN lobby, DROP COLUMN passcode_hash;
