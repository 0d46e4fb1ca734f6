-- What files of the knowledge folder have held, each time that a page changed one. The newest row of a path is what a page
-- wrote last; `content` is NULL where the file was deleted. `author` is NULL for what was changed outside of the pages;
-- `aside` was sent and waits for somebody to say that it may replace the file.
CREATE TABLE file_versions (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    path    TEXT    NOT NULL,
    reason  TEXT    NOT NULL CHECK (reason IN ('saved', 'uploaded', 'restored', 'deleted', 'outside', 'aside')),
    author  TEXT,
    at      INTEGER NOT NULL,
    content BLOB,
    CHECK ((reason = 'deleted') = (content IS NULL)),
    CHECK ((reason = 'outside') = (author IS NULL))
) STRICT;
CREATE INDEX file_versions_of ON file_versions (path, id);

-- Questions that found nothing, and that staff have dealt with: an approved answer was made, or none is wanted.
CREATE TABLE closed_gaps (
    message_id INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    how        TEXT    NOT NULL CHECK (how IN ('answered', 'ignored')),
    staff_name TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX flags_not_found ON flags (id) WHERE reason = 'not_found';
