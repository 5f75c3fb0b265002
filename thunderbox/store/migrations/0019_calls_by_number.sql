-- Lists of calls by number: each kind of call of a number, and of an agent with a number, is one
-- stretch of an index. Counts by day are also kept for all agents together, as agent -1.

DROP INDEX calls_by_kind;
DROP INDEX calls_by_agent;
DROP INDEX calls_by_from;
DROP INDEX calls_by_to;

-- The newest come last in a stretch: every index ends with the id.
CREATE INDEX calls_by_kind ON calls(org_id, direction, status, is_test_call, started_at);
CREATE INDEX calls_by_agent ON calls(
    org_id, agent_id, direction, status, is_test_call, started_at);
CREATE INDEX calls_by_from ON calls(
    org_id, from_number, direction, status, is_test_call, started_at);
CREATE INDEX calls_by_from_and_agent ON calls(
    org_id, from_number, agent_id, direction, status, is_test_call, started_at);
CREATE INDEX calls_by_to ON calls(
    org_id, to_number, direction, status, is_test_call, started_at, id, from_number);
CREATE INDEX calls_by_to_and_agent ON calls(
    org_id, to_number, agent_id, direction, status, is_test_call, started_at, id, from_number);
CREATE INDEX calls_by_pair ON calls(
    org_id, from_number, to_number, direction, status, is_test_call, started_at, id, agent_id);

INSERT INTO call_counts
SELECT org_id, -1, direction, status, is_test_call, day, sum(calls)
FROM call_counts GROUP BY 1, 3, 4, 5, 6;

DROP TRIGGER calls_are_counted;
DROP TRIGGER calls_are_counted_again;
DROP TRIGGER calls_are_no_longer_counted;

CREATE TRIGGER calls_are_counted AFTER INSERT ON calls
BEGIN
    INSERT INTO call_counts VALUES
        (NEW.org_id, coalesce(NEW.agent_id, 0), NEW.direction, NEW.status, NEW.is_test_call,
         NEW.started_at / 86400000, 1),
        (NEW.org_id, -1, NEW.direction, NEW.status, NEW.is_test_call,
         NEW.started_at / 86400000, 1)
    ON CONFLICT DO UPDATE SET calls = calls + 1;
END;

CREATE TRIGGER calls_are_counted_again AFTER UPDATE OF
    org_id, agent_id, direction, status, is_test_call, started_at ON calls
BEGIN
    UPDATE call_counts SET calls = calls - 1
    WHERE org_id = OLD.org_id AND agent_id IN (-1, coalesce(OLD.agent_id, 0))
        AND direction = OLD.direction AND status = OLD.status
        AND is_test_call = OLD.is_test_call AND day = OLD.started_at / 86400000;
    INSERT INTO call_counts VALUES
        (NEW.org_id, coalesce(NEW.agent_id, 0), NEW.direction, NEW.status, NEW.is_test_call,
         NEW.started_at / 86400000, 1),
        (NEW.org_id, -1, NEW.direction, NEW.status, NEW.is_test_call,
         NEW.started_at / 86400000, 1)
    ON CONFLICT DO UPDATE SET calls = calls + 1;
END;

CREATE TRIGGER calls_are_no_longer_counted AFTER DELETE ON calls
BEGIN
    UPDATE call_counts SET calls = calls - 1
    WHERE org_id = OLD.org_id AND agent_id IN (-1, coalesce(OLD.agent_id, 0))
        AND direction = OLD.direction AND status = OLD.status
        AND is_test_call = OLD.is_test_call AND day = OLD.started_at / 86400000;
END;
