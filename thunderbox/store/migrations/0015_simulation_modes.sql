-- Whether a test call is held on a line in memory, or over the phone itself.

ALTER TABLE simulations ADD COLUMN mode TEXT NOT NULL DEFAULT 'bot' CHECK (mode IN ('bot', 'sip'));
