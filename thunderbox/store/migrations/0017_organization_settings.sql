-- An organization's own time zone, and what its clients keep with it.

ALTER TABLE organizations ADD COLUMN timezone TEXT NOT NULL DEFAULT ''; -- IANA; '': the box's
ALTER TABLE organizations ADD COLUMN business_hours TEXT NOT NULL DEFAULT 'null'; -- JSON
ALTER TABLE organizations ADD COLUMN excluded_numbers TEXT NOT NULL DEFAULT '[]'; -- JSON array
