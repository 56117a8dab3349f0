-- Grants to pools, refused references of the settlement, and proofs of equivocation.

ALTER TABLE settlements DROP CONSTRAINT settlements_kind_check,
    ADD CHECK (kind IN ('deposit', 'stake', 'payout', 'grant'));

-- What was given to an epoch's pool.
ALTER TABLE epochs ADD COLUMN granted amount NOT NULL DEFAULT 0;

-- References of signed statements that were refused for good: what comes under them again is refused alike.
CREATE TABLE settlement_refusals (
    reference   hash32 PRIMARY KEY,
    status      SMALLINT NOT NULL,
    code        TEXT NOT NULL,
    detail      TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('deposit', 'stake', 'payout', 'grant')),
    subject     BYTEA NOT NULL,
    amount      amount NOT NULL,
    signature   signature NOT NULL,
    refused_at  BIGINT NOT NULL
);
CREATE TRIGGER settlement_refusals_fixed BEFORE UPDATE OR DELETE ON settlement_refusals
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER settlement_refusals_not_emptied BEFORE TRUNCATE ON settlement_refusals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Observations that nodes gave and the service could not take, for who asks why a view is missing: no part of any result.
CREATE TABLE refused_observations (
    epoch       BIGINT NOT NULL REFERENCES epochs,
    node        INTEGER NOT NULL REFERENCES nodes,
    is_late     BOOLEAN NOT NULL,
    PRIMARY KEY (epoch, node)
);

-- Two results of one epoch that one operator signed: one proof for each operator and epoch.
CREATE TABLE equivocations (
    log_index   BIGINT PRIMARY KEY,
    epoch       BIGINT NOT NULL REFERENCES epochs,
    node        INTEGER NOT NULL REFERENCES nodes,
    evidence    BYTEA NOT NULL,
    UNIQUE (epoch, node)
);
CREATE TRIGGER equivocations_fixed BEFORE UPDATE OR DELETE ON equivocations
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER equivocations_not_emptied BEFORE TRUNCATE ON equivocations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
