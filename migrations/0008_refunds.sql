-- Refunds on every ground: evidence that waits for the delivery cut, days and prices of storage that were given up, what
-- pools owe, outages, and what nodes' stakes gave.

-- Refusals by nodes that payers have shown; the delivery cut decides on them.
CREATE TABLE refusals (
    charge      BIGINT PRIMARY KEY REFERENCES charges,
    body        BYTEA NOT NULL,
    signature   signature NOT NULL
);

-- Charges for an envelope that an earlier charge had paid for, until they are decided.
CREATE TABLE double_charges (
    charge      BIGINT PRIMARY KEY REFERENCES charges,
    first       BIGINT NOT NULL REFERENCES charges,
    CHECK (first < charge)
);

-- Storage that was given up: from the day after from_day on, a day of the charge costs per_day less. Where it is the price
-- that was too high, from_day is the day of acceptance, and days that were captured cost less too.
CREATE TABLE releases (
    charge      BIGINT NOT NULL REFERENCES charges,
    log_index   BIGINT NOT NULL,
    per_day     amount NOT NULL CHECK (per_day > 0),
    from_day    BIGINT NOT NULL,
    is_price    BOOLEAN NOT NULL,
    PRIMARY KEY (charge, log_index)
);
CREATE TRIGGER releases_fixed BEFORE UPDATE OR DELETE ON releases FOR EACH ROW EXECUTE FUNCTION refuse_change();

INSERT INTO releases (charge, log_index, per_day, from_day, is_price)
SELECT r.charge, r.log_index, c.storage_per_day, c.expiry_day - (r.amount / c.storage_per_day)::BIGINT, FALSE
FROM refunds AS r JOIN charges AS c ON c.number = r.charge WHERE r.part = 'storage';

-- A part can go back on several grounds, and out of several purses.
ALTER TABLE refunds DROP CONSTRAINT refunds_pkey;
ALTER TABLE refunds DROP CONSTRAINT refunds_part_check;
ALTER TABLE refunds
    ADD COLUMN source TEXT NOT NULL DEFAULT 'hold' CHECK (source IN ('hold', 'pool', 'stake')),
    ADD CHECK (part IN ('base', 'congestion', 'storage', 'postage')),
    ADD PRIMARY KEY (charge, ground, part, source);
CREATE INDEX refunds_by_leaf ON refunds (log_index);
-- Congestion stands apart from the base fee with which it went back.
DROP TRIGGER refunds_fixed ON refunds;
INSERT INTO refunds (charge, part, ground, amount, evidence, log_index, epoch)
SELECT r.charge, 'congestion', r.ground, c.congestion, r.evidence, r.log_index, r.epoch
FROM refunds AS r JOIN charges AS c ON c.number = r.charge WHERE r.part = 'base' AND c.congestion > 0;
DELETE FROM refunds AS r USING charges AS c WHERE c.number = r.charge AND r.part = 'base' AND c.base = 0;
UPDATE refunds AS r SET amount = c.base FROM charges AS c
WHERE c.number = r.charge AND r.part = 'base' AND c.congestion > 0;
CREATE TRIGGER refunds_fixed BEFORE UPDATE OR DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How much of a held postage was given up because it was above the schedule's.
ALTER TABLE postage_holds ADD COLUMN given_up amount NOT NULL DEFAULT 0, ADD CHECK (given_up < amount);

-- An outage of a part of a UTC day, in parts per 10^9, that operators declared.
CREATE TABLE outages (
    day         BIGINT PRIMARY KEY,
    parts       BIGINT NOT NULL CHECK (parts BETWEEN 1 AND 1000000000),
    body        BYTEA NOT NULL,
    total       amount NOT NULL,
    log_index   BIGINT NOT NULL,
    epoch       BIGINT NOT NULL
);
CREATE TRIGGER outages_fixed BEFORE UPDATE OR DELETE ON outages FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What was captured and is owed to a channel out of the open epoch's pool; what that lacks waits for the next.
CREATE TABLE debts (
    log_index   BIGINT NOT NULL,
    channel     BIGINT NOT NULL REFERENCES channels,
    ground      SMALLINT NOT NULL,
    amount      amount NOT NULL CHECK (amount > 0),
    paid        amount NOT NULL DEFAULT 0,
    PRIMARY KEY (log_index, channel),
    CHECK (paid <= amount)
);
CREATE INDEX debts_open ON debts (log_index, channel) WHERE paid < amount;

CREATE FUNCTION check_debt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.log_index, NEW.channel, NEW.ground, NEW.amount) IS DISTINCT FROM (OLD.log_index, OLD.channel, OLD.ground, OLD.amount)
        OR NEW.paid < OLD.paid
    THEN
        RAISE EXCEPTION 'a debt is only ever paid' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER debts_paid BEFORE UPDATE ON debts FOR EACH ROW EXECUTE FUNCTION check_debt();
CREATE TRIGGER debts_kept BEFORE DELETE ON debts FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What of a debt was paid, by the leaf that says so.
CREATE TABLE repayments (
    log_index   BIGINT NOT NULL,
    debt        BIGINT NOT NULL,
    channel     BIGINT NOT NULL,
    amount      amount NOT NULL CHECK (amount > 0),
    PRIMARY KEY (log_index, debt, channel),
    FOREIGN KEY (debt, channel) REFERENCES debts
);
CREATE TRIGGER repayments_fixed BEFORE UPDATE OR DELETE ON repayments FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What of a pool went back right before its epoch's edge.
ALTER TABLE epochs ADD COLUMN repaid amount NOT NULL DEFAULT 0;

-- What stakes gave for messages that their nodes had vouched for and lost.
CREATE TABLE slashes (
    log_index   BIGINT PRIMARY KEY,
    node        INTEGER NOT NULL REFERENCES nodes,
    time        BIGINT NOT NULL,
    amount      amount NOT NULL CHECK (amount > 0)
);
CREATE INDEX slashes_by_node ON slashes (node, time);
CREATE TRIGGER slashes_fixed BEFORE UPDATE OR DELETE ON slashes FOR EACH ROW EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY['releases', 'outages', 'debts', 'repayments', 'slashes'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
            kept || '_not_emptied', kept);
    END LOOP;
END $$;
