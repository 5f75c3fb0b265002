-- People sign in with a password; personal tokens and sessions act for them, invites bring them in.

ALTER TABLE users ADD COLUMN password_hash TEXT; -- argon2id, with its parameters; NULL: cannot sign in

CREATE TABLE tokens (
    id            TEXT    PRIMARY KEY,
    user_id       INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('session', 'personal')),
    name          TEXT    NOT NULL,
    token_prefix  TEXT    NOT NULL,
    token_hash    TEXT    NOT NULL UNIQUE,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER,
    last_used_at  INTEGER
) STRICT;

CREATE INDEX tokens_by_user ON tokens(user_id, created_at);

CREATE TABLE invites (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id               INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    email                TEXT    NOT NULL COLLATE NOCASE,
    role                 TEXT    NOT NULL CHECK (role IN ('admin', 'member')),
    status               TEXT    NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'accepted', 'declined', 'revoked')),
    token                TEXT    NOT NULL UNIQUE,
    invited_by_email     TEXT    NOT NULL,
    access_requested_by  TEXT, -- the e-mail address of a person who would like to be let in
    created_at           INTEGER NOT NULL,
    expires_at           INTEGER NOT NULL
) STRICT;

CREATE INDEX invites_by_org ON invites(org_id, created_at);
CREATE UNIQUE INDEX invites_one_pending ON invites(org_id, email) WHERE status = 'pending';
