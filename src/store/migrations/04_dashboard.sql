-- The dashboard: who is signed in, what staff do there, and what they keep beside conversations.

ALTER TABLE staff ADD COLUMN language TEXT CHECK (language IN ('id', 'en'));
-- A second factor: its secret, and the last time step whose code was taken, so that no code counts twice.
ALTER TABLE staff ADD COLUMN totp_secret BLOB;
ALTER TABLE staff ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;

-- `hash` is the SHA-256 of the cookie. Without `staff_id` nobody is signed in yet: a second factor is awaited.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    staff_id     INTEGER REFERENCES staff (id) ON DELETE CASCADE,
    data         TEXT    NOT NULL CHECK (json_valid(data)),
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_of_staff ON sessions (staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Sign-ins that failed lately: what slows a guesser down.
CREATE TABLE failed_sign_ins (
    id      INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL COLLATE NOCASE,
    address TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT;
CREATE INDEX failed_sign_ins_of_name ON failed_sign_ins (name, at);
CREATE INDEX failed_sign_ins_of_address ON failed_sign_ins (address, at);

-- What staff saw and changed. Each row's hash covers the row and the hash before it, so that no row can be changed, taken
-- out or put in between unnoticed.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    hash    BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is only added to');
END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN
    SELECT raise(ABORT, 'the audit log is only added to');
END;

CREATE INDEX conversations_emergency ON conversations (last_at DESC, id DESC) WHERE emergency = 1;
CREATE INDEX conversations_waiting_by_last ON conversations (last_at DESC, id DESC) WHERE waiting = 1;
CREATE INDEX conversations_unanswered ON conversations (unanswered) WHERE unanswered > 0;
CREATE INDEX conversations_bot_off ON conversations (last_at DESC, id DESC) WHERE handling <> 'bot';

-- What staff tell each other about a conversation; the patient never sees it.
CREATE TABLE notes (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    staff_name      TEXT    NOT NULL,
    text            TEXT    NOT NULL CHECK (text <> ''),
    at              INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_of ON notes (conversation_id, id);

-- How far each member of staff has read.
CREATE TABLE seen (
    staff_id        INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      INTEGER NOT NULL,
    PRIMARY KEY (conversation_id, staff_id)
) STRICT, WITHOUT ROWID;

-- Words that staff put on conversations to find them again.
CREATE TABLE labels (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE COLLATE NOCASE CHECK (name <> '')
) STRICT;
CREATE TABLE conversation_labels (
    label_id        INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    PRIMARY KEY (label_id, conversation_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_of ON conversation_labels (conversation_id);

-- Who of the staff looks after a conversation.
ALTER TABLE conversations ADD COLUMN assignee INTEGER REFERENCES staff (id) ON DELETE SET NULL;
CREATE INDEX conversations_of_assignee ON conversations (assignee, last_at DESC, id DESC) WHERE assignee IS NOT NULL;

-- Half-written messages: they wait where they were begun.
CREATE TABLE drafts (
    staff_id        INTEGER NOT NULL REFERENCES staff (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    text            TEXT    NOT NULL CHECK (text <> ''),
    PRIMARY KEY (staff_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- Texts that staff send again and again, by a short name.
CREATE TABLE canned_replies (
    id   INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE COLLATE NOCASE CHECK (name <> ''),
    text TEXT    NOT NULL CHECK (text <> '')
) STRICT;

-- What administrators set on the page; what is not here is as the configuration says.
CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL CHECK (json_valid(value))
) STRICT, WITHOUT ROWID;
