-- Conversations and everything staff need around them. Times are milliseconds since 1970, UTC.
CREATE TABLE conversations (
    id          INTEGER PRIMARY KEY,
    sender      TEXT    NOT NULL UNIQUE,
    name        TEXT,
    handling    TEXT    NOT NULL DEFAULT 'bot' CHECK (handling IN ('bot', 'staff', 'stopped')),
    unanswered  INTEGER NOT NULL DEFAULT 0 CHECK (unanswered >= 0),
    waiting     INTEGER NOT NULL DEFAULT 0 CHECK (waiting IN (0, 1)),
    emergency   INTEGER NOT NULL DEFAULT 0 CHECK (emergency IN (0, 1)),
    created_at  INTEGER NOT NULL,
    last_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_last ON conversations (last_at DESC, id DESC);

CREATE TABLE messages (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author          TEXT    NOT NULL CHECK (author IN ('patient', 'bot', 'staff')),
    text            TEXT    NOT NULL,
    external_id     TEXT,
    reply_to        INTEGER REFERENCES messages (id) ON DELETE CASCADE,
    outcome         TEXT,
    answer          TEXT CHECK (answer IS NULL OR json_valid(answer)),
    staff_name      TEXT,
    at              INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, id);
-- One patient message id is stored once a conversation (R2); one reply a question.
CREATE UNIQUE INDEX messages_external ON messages (conversation_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX messages_reply ON messages (reply_to) WHERE reply_to IS NOT NULL AND author = 'bot';

CREATE TABLE flags (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reason          TEXT    NOT NULL,
    at              INTEGER NOT NULL,
    resolved_at     INTEGER
) STRICT;
CREATE INDEX flags_open ON flags (conversation_id) WHERE resolved_at IS NULL;

CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL UNIQUE,
    hash         BLOB    NOT NULL UNIQUE,
    scopes       TEXT    NOT NULL CHECK (json_valid(scopes)),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

CREATE TABLE staff (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    role          TEXT    NOT NULL CHECK (role IN ('administrator', 'agent', 'viewer')),
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;
