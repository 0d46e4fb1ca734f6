-- Every three signs in a row of patients' names and numbers, for the staff's search: what stands in the middle of one is
-- found without going through all of them. `secure-delete`: an erased patient leaves nothing behind here.
CREATE VIRTUAL TABLE conversations_trigrams USING fts5 (
    name, sender, content = 'conversations', content_rowid = 'id', tokenize = 'trigram'
);
INSERT INTO conversations_trigrams (conversations_trigrams, rank) VALUES ('secure-delete', 1);
INSERT INTO conversations_trigrams (rowid, name, sender) SELECT id, name, sender FROM conversations;
CREATE TRIGGER conversations_trigrams_insert AFTER INSERT ON conversations BEGIN
    INSERT INTO conversations_trigrams (rowid, name, sender) VALUES (new.id, new.name, new.sender);
END;
CREATE TRIGGER conversations_trigrams_delete AFTER DELETE ON conversations BEGIN
    INSERT INTO conversations_trigrams (conversations_trigrams, rowid, name, sender)
    VALUES ('delete', old.id, old.name, old.sender);
END;
-- A patient's name comes along with each message; only a new one is written.
CREATE TRIGGER conversations_trigrams_update AFTER UPDATE OF name, sender ON conversations
WHEN old.name IS NOT new.name OR old.sender IS NOT new.sender BEGIN
    INSERT INTO conversations_trigrams (conversations_trigrams, rowid, name, sender)
    VALUES ('delete', old.id, old.name, old.sender);
    INSERT INTO conversations_trigrams (rowid, name, sender) VALUES (new.id, new.name, new.sender);
END;
