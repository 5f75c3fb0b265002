-- What lists of calls need, so that a page of any of them and its total are found without reading
-- all calls: indexes that hold every filter, counts by day, and the numbers of both sides.

DROP INDEX calls_by_org;
DROP INDEX calls_by_agent;
DROP INDEX calls_by_direction;
DROP INDEX calls_by_status;
DROP INDEX calls_by_from;
DROP INDEX calls_by_to;

CREATE INDEX calls_by_start ON calls(
    org_id, started_at, id, agent_id, direction, status, is_test_call);
CREATE INDEX calls_by_kind ON calls(
    org_id, direction, status, is_test_call, started_at, id, from_number, to_number);
CREATE INDEX calls_by_agent ON calls(
    org_id, agent_id, direction, status, is_test_call, started_at, id, from_number, to_number);
CREATE INDEX calls_by_from ON calls(
    org_id, from_number, started_at, id, agent_id, direction, status, is_test_call, to_number);
CREATE INDEX calls_by_to ON calls(
    org_id, to_number, started_at, id, agent_id, direction, status, is_test_call, from_number);

CREATE TABLE call_counts (
    org_id        INTEGER NOT NULL,
    agent_id      INTEGER NOT NULL, -- 0 for calls without an agent
    direction     TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    is_test_call  INTEGER NOT NULL,
    day           INTEGER NOT NULL, -- days since 1970, UTC
    calls         INTEGER NOT NULL,
    PRIMARY KEY (org_id, agent_id, direction, status, is_test_call, day)
) STRICT, WITHOUT ROWID;

INSERT INTO call_counts
SELECT org_id, coalesce(agent_id, 0), direction, status, is_test_call, started_at / 86400000,
       count(*)
FROM calls GROUP BY 1, 2, 3, 4, 5, 6;

CREATE TRIGGER calls_are_counted AFTER INSERT ON calls
BEGIN
    INSERT INTO call_counts VALUES (
        NEW.org_id, coalesce(NEW.agent_id, 0), NEW.direction, NEW.status, NEW.is_test_call,
        NEW.started_at / 86400000, 1)
    ON CONFLICT DO UPDATE SET calls = calls + 1;
END;

CREATE TRIGGER calls_are_counted_again AFTER UPDATE OF
    org_id, agent_id, direction, status, is_test_call, started_at ON calls
BEGIN
    UPDATE call_counts SET calls = calls - 1
    WHERE org_id = OLD.org_id AND agent_id = coalesce(OLD.agent_id, 0)
        AND direction = OLD.direction AND status = OLD.status
        AND is_test_call = OLD.is_test_call AND day = OLD.started_at / 86400000;
    INSERT INTO call_counts VALUES (
        NEW.org_id, coalesce(NEW.agent_id, 0), NEW.direction, NEW.status, NEW.is_test_call,
        NEW.started_at / 86400000, 1)
    ON CONFLICT DO UPDATE SET calls = calls + 1;
END;

CREATE TRIGGER calls_are_no_longer_counted AFTER DELETE ON calls
BEGIN
    UPDATE call_counts SET calls = calls - 1
    WHERE org_id = OLD.org_id AND agent_id = coalesce(OLD.agent_id, 0)
        AND direction = OLD.direction AND status = OLD.status
        AND is_test_call = OLD.is_test_call AND day = OLD.started_at / 86400000;
END;

CREATE TABLE party_numbers (
    org_id         INTEGER NOT NULL REFERENCES organizations(id) ON DELETE CASCADE,
    number         TEXT    NOT NULL,
    last_call_at   INTEGER NOT NULL,
    PRIMARY KEY (org_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX party_numbers_by_time ON party_numbers(org_id, last_call_at);

INSERT INTO party_numbers
SELECT org_id, number, max(started_at) FROM (
    SELECT org_id, from_number AS number, started_at FROM calls
    UNION ALL
    SELECT org_id, to_number, started_at FROM calls
) WHERE number <> '' GROUP BY org_id, number;

CREATE TRIGGER parties_of_calls AFTER INSERT ON calls
BEGIN
    INSERT INTO party_numbers
    SELECT NEW.org_id, number, NEW.started_at
    FROM (SELECT NEW.from_number AS number UNION SELECT NEW.to_number)
    WHERE number <> ''
    ON CONFLICT DO UPDATE SET last_call_at = max(last_call_at, excluded.last_call_at);
END;
