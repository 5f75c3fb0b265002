-- Whom an agent may hand callers on to, and what it does when a machine answers its call.

ALTER TABLE agents ADD COLUMN transfer_destinations TEXT NOT NULL DEFAULT '[]'; -- JSON array
ALTER TABLE agents ADD COLUMN voicemail_action TEXT NOT NULL DEFAULT 'prompt';
ALTER TABLE agents ADD COLUMN voicemail_message TEXT NOT NULL DEFAULT '';

ALTER TABLE calls ADD COLUMN transfer_destination TEXT NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN transfer_outcome TEXT
    CHECK (transfer_outcome IN ('refer_accepted', 'failed'));
