-- `org_id` is whose number it was then: a number that moves leaves its past behind.

CREATE TABLE phone_number_versions (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    phone_number_id  INTEGER NOT NULL REFERENCES phone_numbers(id) ON DELETE CASCADE,
    org_id           INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    revision         INTEGER NOT NULL,
    created_by       TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    snapshot         TEXT    NOT NULL, -- JSON object: the number's row
    changed_fields   TEXT    NOT NULL, -- JSON array
    UNIQUE (phone_number_id, revision)
) STRICT;
