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
CREATE INDEX conversations_waiting ON conversations (id) WHERE waiting = 1;

-- `outcome` of a patient's message says how it ended and is NULL while it waits: the table is the queue. A bot's
-- message repeats it and carries the whole answer; a message that staff sent has `staff_name`, also when it was
-- signed as the bot's.
CREATE TABLE messages (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author          TEXT    NOT NULL CHECK (author IN ('patient', 'bot', 'staff')),
    text            TEXT    NOT NULL CHECK (text <> ''),
    external_id     TEXT,
    reply_to        INTEGER REFERENCES messages (id) ON DELETE CASCADE,
    outcome         TEXT    CHECK (outcome IN ('answered', 'approved', 'quoted', 'handed_over', 'emergency',
                                               'small_talk', 'bot_off', 'fallback')),
    answer          TEXT    CHECK (answer IS NULL OR json_valid(answer)),
    staff_name      TEXT,
    at              INTEGER NOT NULL,
    CHECK (author <> 'patient' OR (reply_to IS NULL AND answer IS NULL AND staff_name IS NULL)),
    CHECK (author <> 'staff' OR staff_name IS NOT NULL)
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, id);
CREATE INDEX messages_pending ON messages (conversation_id, id) WHERE author = 'patient' AND outcome IS NULL;
-- One patient message id is stored once a conversation; one reply a question (R2).
CREATE UNIQUE INDEX messages_external ON messages (conversation_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX messages_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;

-- The words of every message, for the staff's search. `secure-delete`: an erased message leaves nothing behind here.
CREATE VIRTUAL TABLE messages_words USING fts5 (
    text, content = 'messages', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
INSERT INTO messages_words (messages_words, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER messages_words_insert AFTER INSERT ON messages BEGIN
    INSERT INTO messages_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER messages_words_delete AFTER DELETE ON messages BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER messages_words_update AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO messages_words (messages_words, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO messages_words (rowid, text) VALUES (new.id, new.text);
END;

CREATE TABLE flags (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reason          TEXT    NOT NULL CHECK (reason IN ('emergency', 'not_found', 'medical', 'human_requested',
                                                       'failure')),
    at              INTEGER NOT NULL,
    resolved_at     INTEGER,
    resolved_by     TEXT
) STRICT;
CREATE INDEX flags_open ON flags (conversation_id) WHERE resolved_at IS NULL;
CREATE INDEX flags_by_message ON flags (message_id);

-- A revoked token stays listed; its name is free again.
CREATE TABLE api_tokens (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes       TEXT    NOT NULL CHECK (json_valid(scopes)),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (name) WHERE revoked_at IS NULL;

CREATE TABLE staff (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    role          TEXT    NOT NULL CHECK (role IN ('administrator', 'agent', 'viewer')),
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;

-- One row, written to learn whether the disk still takes writes.
CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
