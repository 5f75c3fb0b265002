-- Deliveries that have failed once: what happens later in their calls waits for their second try.

CREATE INDEX webhook_deliveries_failed_once ON webhook_deliveries(receiver, call_id, id)
    WHERE status = 'retrying' AND tries = 1;
