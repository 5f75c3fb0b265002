-- How patient an agent's calls are; null: as the settings of the box have it.

ALTER TABLE agents ADD COLUMN max_call_duration_seconds INTEGER;
ALTER TABLE agents ADD COLUMN ring_duration_seconds INTEGER;
ALTER TABLE agents ADD COLUMN silence_checkins_enabled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE agents ADD COLUMN silence_interval_seconds INTEGER;
ALTER TABLE agents ADD COLUMN silence_max_checkins INTEGER;
ALTER TABLE agents ADD COLUMN silence_hangup_seconds INTEGER;
