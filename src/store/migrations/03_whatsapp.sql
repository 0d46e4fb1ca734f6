-- WhatsApp: how a patient is reached there, what a message is besides words, and what is on its way out.

-- A patient is one conversation, whether WhatsApp names them by number or by LID. `sender` is the number's digits, or
-- `<digits>@lid` while the number is not known. `chat` is the address that the patient last wrote from: replies go there.
ALTER TABLE conversations ADD COLUMN lid TEXT;
ALTER TABLE conversations ADD COLUMN chat TEXT;
CREATE UNIQUE INDEX conversations_by_lid ON conversations (lid) WHERE lid IS NOT NULL;
CREATE INDEX conversations_by_chat ON conversations (chat) WHERE chat IS NOT NULL;

-- `kind`, `quoted` and `media` say what a message is besides `text`, which is never empty: with `has_words` 0 it is a
-- short label. `answered_with` names the later message of the same burst whose reply answers this one too.
-- 'noted' is the outcome of what needs no reply: a reaction, an edit, a voice note after the first.
CREATE TABLE messages_new (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    author          TEXT    NOT NULL CHECK (author IN ('patient', 'bot', 'staff')),
    channel         TEXT    NOT NULL DEFAULT 'api' CHECK (channel IN ('api', 'whatsapp')),
    kind            TEXT    NOT NULL DEFAULT 'text'
                    CHECK (kind IN ('text', 'image', 'video', 'voice', 'audio', 'document', 'sticker', 'location',
                                    'contact', 'reaction', 'edit', 'delete', 'poll', 'call', 'unreadable', 'other')),
    text            TEXT    NOT NULL CHECK (text <> ''),
    has_words       INTEGER NOT NULL DEFAULT 1 CHECK (has_words IN (0, 1)),
    quoted          TEXT,
    media           TEXT    CHECK (media IS NULL OR json_valid(media)),
    external_id     TEXT,
    reply_to        INTEGER REFERENCES messages (id) ON DELETE CASCADE,
    answered_with   INTEGER REFERENCES messages (id) ON DELETE SET NULL,
    outcome         TEXT    CHECK (outcome IN ('answered', 'approved', 'quoted', 'handed_over', 'emergency',
                                               'small_talk', 'bot_off', 'fallback', 'noted')),
    answer          TEXT    CHECK (answer IS NULL OR json_valid(answer)),
    staff_name      TEXT,
    at              INTEGER NOT NULL,
    edited_at       INTEGER,
    deleted_at      INTEGER,
    CHECK (author <> 'patient' OR (reply_to IS NULL AND answer IS NULL AND staff_name IS NULL)),
    CHECK (author <> 'staff' OR staff_name IS NOT NULL)
) STRICT;
INSERT INTO messages_new (id, conversation_id, author, text, external_id, reply_to, outcome, answer, staff_name, at)
    SELECT id, conversation_id, author, text, external_id, reply_to, outcome, answer, staff_name, at FROM messages;
DROP TABLE messages;
ALTER TABLE messages_new RENAME TO messages;
CREATE INDEX messages_by_conversation ON messages (conversation_id, id);
CREATE INDEX messages_pending ON messages (conversation_id, id) WHERE author = 'patient' AND outcome IS NULL;
CREATE UNIQUE INDEX messages_external ON messages (conversation_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX messages_reply ON messages (reply_to) WHERE reply_to IS NOT NULL;
CREATE INDEX messages_answered_with ON messages (answered_with) WHERE answered_with IS NOT NULL;
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

CREATE TABLE flags_new (
    id              INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    message_id      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    reason          TEXT    NOT NULL CHECK (reason IN ('emergency', 'not_found', 'medical', 'human_requested',
                                                       'failure', 'not_text', 'not_delivered', 'loop')),
    at              INTEGER NOT NULL,
    resolved_at     INTEGER,
    resolved_by     TEXT
) STRICT;
INSERT INTO flags_new SELECT * FROM flags;
DROP TABLE flags;
ALTER TABLE flags_new RENAME TO flags;
CREATE INDEX flags_open ON flags (conversation_id) WHERE resolved_at IS NULL;
CREATE INDEX flags_by_message ON flags (message_id);

-- Files of messages that are still to be fetched; `reference` is how WhatsApp names each, in its own encoding.
CREATE TABLE media_fetches (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    reference  BLOB    NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL
) STRICT;

-- What the WhatsApp client keeps for a while: messages that came in and are not in `messages` yet, and messages that went
-- out and may be asked for again, in WhatsApp's own encoding.
CREATE TABLE client_buffers (
    buffer  TEXT    NOT NULL CHECK (buffer IN ('inbound', 'sent')),
    chat    TEXT    NOT NULL,
    sender  TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    message BLOB    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (buffer, chat, sender, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_buffers_by_age ON client_buffers (buffer, at);

-- What goes out by WhatsApp. A message's parts are written in the transaction that writes the message, each with the id
-- that it will have there: sent again after a crash it is the same message. 'sending' was given to the socket and has no
-- acknowledgement yet.
CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY,
    message_id      INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    part            INTEGER NOT NULL CHECK (part >= 0),
    text            TEXT    NOT NULL CHECK (text <> ''),
    whatsapp_id     TEXT    NOT NULL UNIQUE,
    state           TEXT    NOT NULL DEFAULT 'queued'
                    CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    not_before      INTEGER NOT NULL,
    error           TEXT,
    changed_at      INTEGER NOT NULL,
    UNIQUE (message_id, part)
) STRICT;
CREATE INDEX outbox_open ON outbox (conversation_id, id) WHERE state IN ('queued', 'sending');
