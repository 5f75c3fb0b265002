-- Connections to providers and trunks, what was found when they were tried, and how each number
-- came to be as it is.

CREATE TABLE voip_connections (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id          INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    inferred_name   INTEGER NOT NULL,
    provider        TEXT    NOT NULL
        CHECK (provider IN ('manual', 'signalwire', 'telnyx', 'twilio', 'vonage')),
    setup_method    TEXT    NOT NULL,
    credentials     TEXT    NOT NULL, -- encrypted
    sip_config      TEXT    NOT NULL, -- JSON object, without secrets
    test_result     TEXT    NOT NULL DEFAULT '{}', -- JSON object
    last_tested_at  INTEGER,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX voip_connections_by_org ON voip_connections(org_id, created_at);

CREATE TABLE voip_evidence (
    id                  TEXT    PRIMARY KEY,
    org_id              INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    provider            TEXT    NOT NULL,
    config_fingerprint  TEXT    NOT NULL,
    inbound_status      TEXT    NOT NULL CHECK (inbound_status IN ('pass', 'fail')),
    outbound_status     TEXT    NOT NULL CHECK (outbound_status IN ('pass', 'fail')),
    evidence            TEXT    NOT NULL, -- JSON object
    created_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX voip_evidence_by_org ON voip_evidence(org_id, created_at);

ALTER TABLE phone_numbers ADD COLUMN voip_inbound_status TEXT NOT NULL DEFAULT 'untested'
    CHECK (voip_inbound_status IN ('untested', 'passed', 'failed'));
ALTER TABLE phone_numbers ADD COLUMN voip_inbound_test_method TEXT;
ALTER TABLE phone_numbers ADD COLUMN voip_inbound_tested_at INTEGER;
ALTER TABLE phone_numbers ADD COLUMN voip_inbound_result TEXT NOT NULL DEFAULT '{}'; -- JSON object

CREATE INDEX phone_numbers_by_connection ON phone_numbers(voip_connection_id)
    WHERE voip_connection_id IS NOT NULL;
