-- Documents, their passages, the full-text index and the vectors. `generation` counts committed changes: whoever
-- caches the index compares it within the same read transaction.
CREATE TABLE knowledge_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO knowledge_state (id, generation) VALUES (1, 0);
