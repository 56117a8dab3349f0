-- Money that the result of a sealed epoch sent to the wrong place, moved in the epoch that is open.
CREATE TABLE corrections (
    log_index   BIGINT PRIMARY KEY,
    epoch       BIGINT NOT NULL REFERENCES epochs,
    in_epoch    BIGINT NOT NULL REFERENCES epochs CHECK (in_epoch > epoch),
    entry       BIGINT NOT NULL UNIQUE REFERENCES ledger_entries DEFERRABLE INITIALLY DEFERRED,
    body        BYTEA NOT NULL,
    from_node   INTEGER REFERENCES nodes,
    to_node     INTEGER REFERENCES nodes,
    amount      amount NOT NULL CHECK (amount > 0),
    CHECK (from_node <> to_node)
);
CREATE INDEX corrections_by_epoch ON corrections (epoch);
CREATE TRIGGER corrections_fixed BEFORE UPDATE OR DELETE ON corrections FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER corrections_not_emptied BEFORE TRUNCATE ON corrections
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
