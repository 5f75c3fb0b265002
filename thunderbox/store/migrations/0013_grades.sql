-- What calls were like: grades, which are also the list of what is to be graded, and issue reports.

CREATE TABLE grades (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id             INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    call_id            INTEGER NOT NULL REFERENCES calls(id) ON DELETE CASCADE,
    status             TEXT    NOT NULL CHECK (status IN ('pending', 'completed', 'failed')),
    tries              INTEGER NOT NULL DEFAULT 0,
    score              REAL, -- from 0.0 to 1.0
    call_outcome       TEXT    NOT NULL DEFAULT 'unknown'
        CHECK (call_outcome IN ('success', 'failure', 'no_conversation', 'unknown')),
    outcome_reasoning  TEXT    NOT NULL DEFAULT '',
    summary            TEXT    NOT NULL DEFAULT '',
    rubric_breakdown   TEXT    NOT NULL DEFAULT '{}', -- JSON object
    detected_issues    TEXT    NOT NULL DEFAULT '[]', -- JSON array
    grader_model       TEXT    NOT NULL DEFAULT '',
    error_message      TEXT,
    graded_at          INTEGER,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;

CREATE INDEX grades_by_call ON grades(call_id, id);
CREATE UNIQUE INDEX grades_pending ON grades(call_id) WHERE status = 'pending';

CREATE TABLE issue_reports (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id             TEXT    NOT NULL UNIQUE,
    org_id               INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    call_id              INTEGER NOT NULL REFERENCES calls(id) ON DELETE CASCADE,
    agent_id             INTEGER,
    call_started_at      INTEGER NOT NULL,
    source               TEXT    NOT NULL CHECK (source IN ('user', 'system')),
    severity             TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    status               TEXT    NOT NULL
        CHECK (status IN ('open', 'acknowledged', 'resolved', 'dismissed')),
    title                TEXT    NOT NULL,
    description          TEXT    NOT NULL,
    evidence             TEXT    NOT NULL DEFAULT '',
    reported_by_id       INTEGER,
    timestamp_seconds    INTEGER,
    failing_turn_index   INTEGER,
    detected_issue_ref   TEXT,
    metadata             TEXT    NOT NULL, -- JSON
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
) STRICT;

CREATE INDEX issue_reports_by_call ON issue_reports(call_id, created_at);
CREATE INDEX issue_reports_by_time ON issue_reports(
    org_id, created_at, id, severity, status, source, agent_id);
