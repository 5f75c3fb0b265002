-- Times are milliseconds since 1970, UTC. Columns that hold JSON say so.

CREATE TABLE organizations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    email       TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    first_name  TEXT    NOT NULL DEFAULT '',
    last_name   TEXT    NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id      INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    user_id     INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    role        TEXT    NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    created_at  INTEGER NOT NULL,
    UNIQUE (org_id, user_id)
) STRICT;

CREATE UNIQUE INDEX members_one_owner ON members(org_id) WHERE role = 'owner';
CREATE INDEX members_by_user ON members(user_id);

CREATE TABLE api_keys (
    id            TEXT    PRIMARY KEY,
    org_id        INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    user_id       INTEGER REFERENCES users(id) ON DELETE SET NULL,
    name          TEXT    NOT NULL,
    key_prefix    TEXT    NOT NULL,
    key_hash      TEXT    NOT NULL UNIQUE,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER,
    revoked_at    INTEGER
) STRICT;

CREATE INDEX api_keys_by_org ON api_keys(org_id, created_at);
CREATE INDEX api_keys_by_user ON api_keys(user_id);

CREATE TABLE agents (
    id                           INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id                       INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    name                         TEXT    NOT NULL,
    prompt                       TEXT    NOT NULL,
    voice                        TEXT    NOT NULL,
    product                      TEXT    NOT NULL,
    thinking_level               TEXT    NOT NULL,
    background_track             TEXT,
    acknowledgement_prompt_mode  TEXT    NOT NULL,
    acknowledgement_prompt       TEXT    NOT NULL,
    inbound_speak_order          TEXT    NOT NULL,
    outbound_speak_order         TEXT    NOT NULL,
    max_hold_seconds             INTEGER,
    tools                        TEXT    NOT NULL, -- JSON array
    widget_enabled               INTEGER NOT NULL,
    primary_language             TEXT    NOT NULL,
    additional_languages         TEXT    NOT NULL, -- JSON array
    created_at                   INTEGER NOT NULL,
    updated_at                   INTEGER NOT NULL
) STRICT;

CREATE INDEX agents_by_org ON agents(org_id, created_at);

CREATE TABLE agent_versions (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_id        INTEGER NOT NULL REFERENCES agents(id) ON DELETE CASCADE,
    revision        INTEGER NOT NULL,
    created_by      TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    snapshot        TEXT    NOT NULL, -- JSON object: the agent's row
    changed_fields  TEXT    NOT NULL, -- JSON array
    UNIQUE (agent_id, revision)
) STRICT;

CREATE TABLE phone_numbers (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id                    INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    number                    TEXT    NOT NULL,
    source                    TEXT    NOT NULL CHECK (source IN ('demo', 'voip')),
    status                    TEXT    NOT NULL
        CHECK (status IN ('provisioning', 'active', 'failed', 'released')),
    inbound_agent_id          INTEGER REFERENCES agents(id) ON DELETE SET NULL,
    outbound_agent_id         INTEGER REFERENCES agents(id) ON DELETE SET NULL,
    voip_connection_id        INTEGER,
    voip_verification_status  TEXT    NOT NULL DEFAULT 'unverified'
        CHECK (voip_verification_status IN ('unverified', 'verified', 'failed')),
    voip_last_verified_at     INTEGER,
    label                     TEXT    NOT NULL DEFAULT '',
    webhook_url               TEXT,
    webhook_signing_secret    TEXT,
    idempotency_key           TEXT,
    created_at                INTEGER NOT NULL,
    updated_at                INTEGER NOT NULL
) STRICT;

-- A released number stays for the calls that name it, and can be given out again.
CREATE UNIQUE INDEX phone_numbers_by_number ON phone_numbers(number) WHERE status <> 'released';
CREATE UNIQUE INDEX phone_numbers_by_idempotency_key ON phone_numbers(org_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL AND status <> 'released';
CREATE INDEX phone_numbers_by_org ON phone_numbers(org_id, created_at);
CREATE INDEX phone_numbers_by_inbound_agent ON phone_numbers(inbound_agent_id);
CREATE INDEX phone_numbers_by_outbound_agent ON phone_numbers(outbound_agent_id);

-- `agent_id` is no foreign key: a call keeps saying who spoke after the agent is deleted.
CREATE TABLE calls (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id                INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    agent_id              INTEGER,
    phone_number_id       INTEGER REFERENCES phone_numbers(id) ON DELETE SET NULL,
    direction             TEXT    NOT NULL
        CHECK (direction IN ('inbound', 'outbound', 'mic', 'widget')),
    from_number           TEXT    NOT NULL,
    to_number             TEXT    NOT NULL,
    started_at            INTEGER NOT NULL,
    answered_at           INTEGER,
    ended_at              INTEGER,
    status                TEXT    NOT NULL DEFAULT 'in_progress'
        CHECK (status IN ('in_progress', 'completed', 'failed')),
    end_reason            TEXT,
    sip_status            INTEGER,
    prompt                TEXT    NOT NULL,
    voice                 TEXT    NOT NULL,
    product               TEXT    NOT NULL,
    thinking_level        TEXT    NOT NULL,
    tools                 TEXT    NOT NULL, -- JSON array
    variables             TEXT    NOT NULL DEFAULT '{}', -- JSON object
    is_test_call          INTEGER NOT NULL DEFAULT 0,
    idempotency_key       TEXT,
    request_digest        TEXT,
    recording_file        TEXT,
    recording_started_at  INTEGER,
    billable_minutes      INTEGER,
    billing_total_cents   INTEGER,
    billed_at             INTEGER,
    grade_score           REAL,
    grade_status          TEXT,
    grade_updated_at      INTEGER,
    call_outcome          TEXT,
    issue_count           INTEGER NOT NULL DEFAULT 0,
    critical_issue_count  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX calls_by_org ON calls(org_id, started_at, id, is_test_call);
CREATE INDEX calls_by_agent ON calls(org_id, agent_id, started_at);
CREATE INDEX calls_by_direction ON calls(org_id, direction, started_at);
CREATE INDEX calls_by_status ON calls(org_id, status, started_at);
CREATE INDEX calls_by_from ON calls(org_id, from_number, started_at);
CREATE INDEX calls_by_to ON calls(org_id, to_number, started_at, id, from_number);
CREATE INDEX calls_by_phone_number ON calls(phone_number_id);
CREATE INDEX calls_in_progress ON calls(id) WHERE status = 'in_progress';
CREATE UNIQUE INDEX calls_by_idempotency_key ON calls(org_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

CREATE TABLE turns (
    call_id            INTEGER NOT NULL REFERENCES calls(id) ON DELETE CASCADE,
    seq                INTEGER NOT NULL,
    role               TEXT    NOT NULL
        CHECK (role IN ('user', 'assistant', 'tool_call', 'tool_response')),
    content            TEXT    NOT NULL,
    start_ms           INTEGER NOT NULL,
    end_ms             INTEGER NOT NULL,
    interrupted        INTEGER NOT NULL DEFAULT 0,
    interrupted_at_ms  INTEGER,
    unheard            TEXT    NOT NULL DEFAULT '',
    latency_ms         INTEGER,
    tool_call_id       TEXT,
    tool_name          TEXT,
    PRIMARY KEY (call_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE tool_calls (
    id           TEXT    PRIMARY KEY,
    call_id      INTEGER NOT NULL REFERENCES calls(id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    arguments    TEXT    NOT NULL, -- JSON object
    started_at   INTEGER NOT NULL,
    response     TEXT,
    error        TEXT,
    status_code  INTEGER,
    latency_ms   INTEGER,
    finished_at  INTEGER
) STRICT;

CREATE INDEX tool_calls_by_call ON tool_calls(call_id, started_at);

CREATE TABLE demo_appointments (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    day         TEXT    NOT NULL COLLATE NOCASE,
    time        TEXT    NOT NULL COLLATE NOCASE,
    name        TEXT    NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    UNIQUE (day, time)
) STRICT;
