-- Prepaid money. The ledger is only ever added to, and its sum is the balance.

CREATE TABLE billing_accounts (
    org_id                           INTEGER PRIMARY KEY
        REFERENCES organizations(id) ON DELETE CASCADE,
    has_payment_method               INTEGER NOT NULL DEFAULT 1,
    auto_reload_enabled              INTEGER NOT NULL DEFAULT 0,
    auto_reload_minimum_cents        INTEGER NOT NULL DEFAULT 0,
    auto_reload_amount_cents         INTEGER NOT NULL DEFAULT 0,
    auto_reload_monthly_limit_cents  INTEGER,
    created_at                       INTEGER NOT NULL,
    updated_at                       INTEGER NOT NULL
) STRICT;

-- `org_id` and `call_id` are no foreign keys: what was paid stays written after both are gone.
CREATE TABLE ledger (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id           INTEGER NOT NULL,
    seq              INTEGER NOT NULL, -- from 1 in each organization
    kind             TEXT    NOT NULL
        CHECK (kind IN ('manual_topup', 'auto_reload', 'call_usage', 'adjustment')),
    amount_cents     INTEGER NOT NULL,
    balance_cents    INTEGER NOT NULL, -- the sum up to and with this entry
    call_id          INTEGER,
    phone_number_id  INTEGER,
    description      TEXT    NOT NULL,
    metadata         TEXT    NOT NULL, -- JSON object
    idempotency_key  TEXT,
    created_at       INTEGER NOT NULL,
    UNIQUE (org_id, seq)
) STRICT;

CREATE UNIQUE INDEX ledger_one_charge_a_call ON ledger(call_id) WHERE kind = 'call_usage';
CREATE UNIQUE INDEX ledger_by_idempotency_key ON ledger(org_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX ledger_by_kind ON ledger(org_id, kind, created_at, amount_cents);

CREATE TRIGGER ledger_adds_up BEFORE INSERT ON ledger
WHEN NEW.balance_cents <> NEW.amount_cents + coalesce(
        (SELECT balance_cents FROM ledger WHERE org_id = NEW.org_id ORDER BY seq DESC LIMIT 1), 0)
    OR NEW.seq <> 1 + coalesce(
        (SELECT seq FROM ledger WHERE org_id = NEW.org_id ORDER BY seq DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'a ledger entry must follow the one before it');
END;

CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is only ever added to');
END;

CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'the ledger is only ever added to');
END;
