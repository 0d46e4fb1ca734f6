-- Documents, their passages, the full-text index and the vectors. `generation` counts committed changes: whoever
-- caches the index compares it within the same read transaction.
CREATE TABLE knowledge_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO knowledge_state (id, generation) VALUES (1, 0);

-- One row a file of the documents folder. `hash` covers the file, its side-car and the version of the pipeline;
-- `generation` is the change that wrote the row, so (id, generation) names one version of a document for ever.
CREATE TABLE documents (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    path        TEXT    NOT NULL UNIQUE,
    hash        BLOB    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('indexed', 'failed')),
    error       TEXT,
    title       TEXT    NOT NULL,
    department  TEXT,
    reviewer    TEXT,
    valid_from  TEXT,
    valid_until TEXT,
    source      TEXT,
    embedder    TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    indexed_at  INTEGER NOT NULL,
    CHECK ((state = 'failed') = (error IS NOT NULL))
) STRICT;

-- AUTOINCREMENT: an old answer's source must never point at a newer passage.
CREATE TABLE passages (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('prose', 'table')),
    headings    TEXT    NOT NULL CHECK (json_valid(headings)),
    text        TEXT    NOT NULL,
    UNIQUE (document_id, position)
) STRICT;

-- Part 0 is the whole passage; further parts, where the index keeps them, its lines in order. Little-endian f32.
CREATE TABLE vectors (
    passage_id INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    part       INTEGER NOT NULL CHECK (part >= 0),
    vector     BLOB    NOT NULL CHECK (length(vector) % 4 = 0),
    PRIMARY KEY (passage_id, part)
) STRICT;

-- Our own tokens (normalised, stemmed), joined by spaces: `heading` of the document's title and the headings above the
-- passage, `body` of its text. `words` is the passage as it is spelled: never searched, but the vocabulary that typing
-- errors are mended with.
CREATE VIRTUAL TABLE passages_fts USING fts5 (
    heading, body, words UNINDEXED,
    tokenize = "unicode61 remove_diacritics 0 tokenchars '.,:/%+-_@'"
);
CREATE TRIGGER passages_leave_fts AFTER DELETE ON passages BEGIN
    DELETE FROM passages_fts WHERE rowid = old.id;
END;

-- Vectors of texts that the hospital edits beside its documents (approved questions, red-flag examples), by the text's
-- hash: only an edited line is embedded again.
CREATE TABLE text_vectors (
    hash     BLOB NOT NULL,
    embedder TEXT NOT NULL,
    vector   BLOB NOT NULL CHECK (length(vector) % 4 = 0),
    PRIMARY KEY (hash, embedder)
) STRICT, WITHOUT ROWID;
