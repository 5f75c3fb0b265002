-- Which publishable key opened a session in a web page, and which deliveries were questions before a
-- call: of those only the log is kept, nothing of them is sent again.

ALTER TABLE calls ADD COLUMN publishable_key_id INTEGER
    REFERENCES publishable_keys(id) ON DELETE SET NULL;

CREATE INDEX calls_by_publishable_key ON calls(publishable_key_id)
    WHERE publishable_key_id IS NOT NULL;

ALTER TABLE webhook_deliveries ADD COLUMN is_question INTEGER NOT NULL DEFAULT 0;

UPDATE webhook_deliveries SET is_question = 1 WHERE event_type LIKE '%.incoming' AND NOT is_test;
