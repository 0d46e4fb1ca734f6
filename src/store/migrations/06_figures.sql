-- Figures that are read in milliseconds however many messages there are: sums by the quarter of an hour, in UTC, since the
-- clocks of every zone differ from it by whole quarters. Triggers keep them in the transaction that writes a message, whoever
-- writes it. They name nobody, and stay when a conversation is erased.

-- When the patient last wrote: conversations of a period that ends now are counted exactly by it.
ALTER TABLE conversations ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0;
UPDATE conversations SET asked_at = coalesce(
    (SELECT max(at) FROM messages WHERE conversation_id = conversations.id AND author = 'patient'), 0);
CREATE INDEX conversations_by_asked ON conversations (asked_at);

-- Patients' messages by the quarter in which they came and by how they ended; 'pending' have not ended.
CREATE TABLE message_figures (
    quarter INTEGER NOT NULL,
    outcome TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (quarter, outcome)
) STRICT, WITHOUT ROWID;
INSERT INTO message_figures
    SELECT at / 900000, coalesce(outcome, 'pending'), count(*) FROM messages WHERE author = 'patient' GROUP BY 1, 2;

-- The classes of response times, by their least millisecond; each is a tenth wider than the one before, so that its middle
-- is within 5 % of every time in it.
CREATE TABLE time_classes (least INTEGER PRIMARY KEY) STRICT;
INSERT INTO time_classes
    WITH RECURSIVE class (least) AS (
        SELECT 0 UNION ALL SELECT max(least + 1, least * 11 / 10) FROM class WHERE least < 86400000)
    SELECT least FROM class;

-- The bot's replies by the quarter in which the message came and by how long after it each was stored.
CREATE TABLE time_figures (
    quarter INTEGER NOT NULL,
    least   INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (quarter, least)
) STRICT, WITHOUT ROWID;
INSERT INTO time_figures
    SELECT q.at / 900000, (SELECT max(least) FROM time_classes WHERE least <= max(r.at - q.at, 0)), count(*)
    FROM messages r JOIN messages q ON q.id = r.reply_to WHERE r.author = 'bot' GROUP BY 1, 2;

CREATE TRIGGER figures_of_question AFTER INSERT ON messages WHEN new.author = 'patient' BEGIN
    INSERT INTO message_figures VALUES (new.at / 900000, coalesce(new.outcome, 'pending'), 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    UPDATE conversations SET asked_at = new.at WHERE id = new.conversation_id AND asked_at < new.at;
END;
CREATE TRIGGER figures_of_outcome AFTER UPDATE OF outcome ON messages
WHEN new.author = 'patient' AND new.outcome IS NOT old.outcome BEGIN
    UPDATE message_figures SET count = count - 1
        WHERE quarter = old.at / 900000 AND outcome = coalesce(old.outcome, 'pending');
    INSERT INTO message_figures VALUES (new.at / 900000, coalesce(new.outcome, 'pending'), 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER figures_of_reply AFTER INSERT ON messages WHEN new.author = 'bot' AND new.reply_to IS NOT NULL BEGIN
    INSERT INTO time_figures
        SELECT q.at / 900000, (SELECT max(least) FROM time_classes WHERE least <= max(new.at - q.at, 0)), 1
        FROM messages q WHERE q.id = new.reply_to
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
