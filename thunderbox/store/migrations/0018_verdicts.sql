-- How the agent did in a test call, once its call is graded.

ALTER TABLE simulations ADD COLUMN verdict TEXT CHECK (verdict IN ('pass', 'fail', 'unknown'));
ALTER TABLE simulations ADD COLUMN verdict_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX simulations_by_call ON simulations(call_id) WHERE call_id IS NOT NULL;
