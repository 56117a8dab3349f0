-- The fee service's first schema. Amounts are counts of the smallest unit; hashes and addresses are raw bytes.
-- What is recorded is never changed: triggers refuse UPDATE and DELETE on the log, the journal and the vouchers.

CREATE DOMAIN amount AS NUMERIC(39, 0) CHECK (VALUE >= 0 AND VALUE < 340282366920938463463374607431768211456);
CREATE DOMAIN hash32 AS BYTEA CHECK (octet_length(VALUE) = 32);
CREATE DOMAIN address AS BYTEA CHECK (octet_length(VALUE) = 20);
CREATE DOMAIN signature AS BYTEA CHECK (octet_length(VALUE) = 65);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- One row: what this database is, and where its log and journal end. Locking it orders all writers.
CREATE TABLE instance (
    id              BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (id),
    genesis         BYTEA NOT NULL,
    salt_secret     hash32 NOT NULL,
    log_size        BIGINT NOT NULL CHECK (log_size >= 0),
    log_time        BIGINT NOT NULL CHECK (log_time >= 0),
    open_epoch      BIGINT NOT NULL CHECK (open_epoch >= 1),
    charge_count    BIGINT NOT NULL CHECK (charge_count >= 0),
    entry_number    BIGINT NOT NULL CHECK (entry_number >= 0),
    entry_hash      hash32 NOT NULL,
    last_midnight   BIGINT NOT NULL,
    act_nonce       BIGINT NOT NULL DEFAULT 0,
    head            BYTEA NOT NULL,
    head_signature  signature NOT NULL
);

CREATE TABLE log_leaves (
    index   BIGINT PRIMARY KEY CHECK (index >= 0),
    time    BIGINT NOT NULL,
    kind    SMALLINT NOT NULL,
    body    BYTEA NOT NULL
);
CREATE TRIGGER log_leaves_fixed BEFORE UPDATE OR DELETE ON log_leaves FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Complete tiles of 256 subtree hashes; level l holds subtrees of 256^l leaves.
CREATE TABLE log_tiles (
    level   SMALLINT NOT NULL,
    number  BIGINT NOT NULL,
    hashes  BYTEA NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, number)
);
CREATE TRIGGER log_tiles_fixed BEFORE UPDATE OR DELETE ON log_tiles FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE schedules (
    version         INTEGER PRIMARY KEY CHECK (version >= 1),
    effective_from  BIGINT NOT NULL UNIQUE,
    body            BYTEA NOT NULL
);

CREATE TABLE channels (
    channel_id  hash32 PRIMARY KEY,
    payer       address NOT NULL,
    signer      address NOT NULL,
    opening     hash32 NOT NULL,
    stage       TEXT NOT NULL CHECK (stage IN ('open', 'closed')),
    deposited   amount NOT NULL DEFAULT 0,
    refunded    amount NOT NULL DEFAULT 0,
    withdrawn   amount NOT NULL DEFAULT 0,
    opened_at   BIGINT NOT NULL,
    closed_at   BIGINT,
    CHECK (withdrawn <= deposited + refunded)
);

CREATE TABLE lanes (
    channel_id  hash32 NOT NULL REFERENCES channels,
    lane        INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    sequence    NUMERIC(20, 0) NOT NULL CHECK (sequence >= 0),
    ceiling     amount NOT NULL,
    charged     amount NOT NULL,
    PRIMARY KEY (channel_id, lane),
    CHECK (charged <= ceiling)
);

CREATE TABLE vouchers (
    channel_id   hash32 NOT NULL REFERENCES channels,
    lane         INTEGER NOT NULL,
    sequence     NUMERIC(20, 0) NOT NULL,
    ceiling      amount NOT NULL,
    valid_until  NUMERIC(20, 0) NOT NULL,
    items_hash   hash32 NOT NULL,
    signature    signature NOT NULL,
    PRIMARY KEY (channel_id, lane, sequence)
);
CREATE TRIGGER vouchers_fixed BEFORE UPDATE OR DELETE ON vouchers FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE charges (
    number          BIGINT PRIMARY KEY CHECK (number >= 1),
    log_index       BIGINT NOT NULL UNIQUE REFERENCES log_leaves,
    channel_id      hash32 NOT NULL,
    lane            INTEGER NOT NULL,
    sequence        NUMERIC(20, 0) NOT NULL,
    epoch           BIGINT NOT NULL,
    accepted_at     BIGINT NOT NULL,
    envelope_hash   hash32 NOT NULL,
    bytes           BIGINT NOT NULL CHECK (bytes BETWEEN 0 AND 1048576),
    expiry_day      BIGINT NOT NULL,
    max_fee         amount NOT NULL,
    schedule        INTEGER NOT NULL REFERENCES schedules,
    base            amount NOT NULL,
    storage         amount NOT NULL,
    storage_per_day amount NOT NULL,
    congestion      amount NOT NULL,
    postage         amount NOT NULL,
    postage_due     BIGINT,
    -- Each part is decided once; NULL is held.
    base_index      BIGINT,
    postage_index   BIGINT,
    void_index      BIGINT,
    UNIQUE (channel_id, envelope_hash),
    FOREIGN KEY (channel_id, lane, sequence) REFERENCES vouchers,
    CHECK (base + storage + congestion + postage <= max_fee),
    CHECK ((postage > 0) = (postage_due IS NOT NULL))
);
CREATE INDEX charges_by_epoch ON charges (epoch);
CREATE INDEX charges_postage_held ON charges (postage_due, number) WHERE postage_due IS NOT NULL AND postage_index IS NULL;

-- What is held for storage, gathered by expiry day: what one midnight captures of it.
CREATE TABLE storage_holds (
    expiry_day  BIGINT PRIMARY KEY,
    daily       amount NOT NULL
);

-- Decisions on refunds: one for each part of a charge.
CREATE TABLE refunds (
    charge      BIGINT NOT NULL REFERENCES charges,
    part        TEXT NOT NULL CHECK (part IN ('base', 'storage', 'postage')),
    ground      SMALLINT NOT NULL,
    amount      amount NOT NULL CHECK (amount > 0),
    evidence    BYTEA NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaves,
    epoch       BIGINT NOT NULL,
    PRIMARY KEY (charge, part)
);
CREATE TRIGGER refunds_fixed BEFORE UPDATE OR DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Evidence for the ground "undelivered": a node's acknowledgement that a payer has shown.
CREATE TABLE acknowledgements (
    charge      BIGINT PRIMARY KEY REFERENCES charges,
    body        BYTEA NOT NULL,
    signature   signature NOT NULL
);

-- Statements of the settlement key; a reference counts once.
CREATE TABLE settlements (
    reference   hash32 PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('deposit', 'stake', 'payout')),
    subject     BYTEA NOT NULL,
    amount      amount NOT NULL CHECK (amount > 0),
    signature   signature NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaves
);
CREATE TRIGGER settlements_fixed BEFORE UPDATE OR DELETE ON settlements FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE ledger_accounts (
    name        TEXT PRIMARY KEY,
    debits      amount NOT NULL DEFAULT 0,
    credits     amount NOT NULL DEFAULT 0,
    -- Only custody is an asset; no account falls below zero.
    CHECK (CASE WHEN name = 'custody' THEN debits >= credits ELSE credits >= debits END)
);

CREATE TABLE ledger_entries (
    number      BIGINT PRIMARY KEY CHECK (number >= 1),
    previous    hash32 NOT NULL,
    hash        hash32 NOT NULL UNIQUE,
    time        BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    reference   TEXT NOT NULL UNIQUE
);
CREATE INDEX ledger_entries_by_epoch ON ledger_entries (epoch, number);
CREATE TRIGGER ledger_entries_fixed BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE ledger_postings (
    entry       BIGINT NOT NULL REFERENCES ledger_entries,
    account     TEXT NOT NULL REFERENCES ledger_accounts,
    debit       amount NOT NULL,
    credit      amount NOT NULL,
    PRIMARY KEY (entry, account),
    CHECK ((debit > 0) <> (credit > 0))
);
CREATE TRIGGER ledger_postings_fixed BEFORE UPDATE OR DELETE ON ledger_postings FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE nodes (
    number          INTEGER PRIMARY KEY CHECK (number >= 1),
    operator        address NOT NULL UNIQUE,
    node_key        address NOT NULL UNIQUE,
    body            BYTEA NOT NULL,
    registered_at   BIGINT NOT NULL,
    log_index       BIGINT NOT NULL REFERENCES log_leaves,
    claimed         amount NOT NULL DEFAULT 0,
    cumulative      amount NOT NULL DEFAULT 0,
    CHECK (claimed <= cumulative)
);

-- An epoch's life: open (no end_index), closed (end_index), sealed (result), attested.
CREATE TABLE epochs (
    number          BIGINT PRIMARY KEY CHECK (number >= 1),
    first_index     BIGINT NOT NULL,
    end_index       BIGINT,
    edge_head       BYTEA,
    edge_signature  signature,
    first_entry     BIGINT NOT NULL,
    end_entry       BIGINT,
    charged         amount NOT NULL DEFAULT 0,
    refunded        amount NOT NULL DEFAULT 0,
    base_captured   amount NOT NULL DEFAULT 0,
    storage_captured amount NOT NULL DEFAULT 0,
    postage_captured amount NOT NULL DEFAULT 0,
    dust_in         amount NOT NULL DEFAULT 0,
    held            amount,
    postage_held    amount,
    result          BYTEA,
    result_index    BIGINT,
    attested_at     BIGINT,
    cut_index       BIGINT
);

CREATE TABLE observations (
    epoch       BIGINT NOT NULL REFERENCES epochs,
    node        INTEGER NOT NULL REFERENCES nodes,
    body        BYTEA NOT NULL,
    signature   signature NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaves,
    PRIMARY KEY (epoch, node)
);

CREATE TABLE deliveries (
    epoch       BIGINT NOT NULL REFERENCES epochs,
    node        INTEGER NOT NULL REFERENCES nodes,
    body        BYTEA NOT NULL,
    signature   signature NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaves,
    PRIMARY KEY (epoch, node)
);

CREATE TABLE attestations (
    epoch       BIGINT NOT NULL REFERENCES epochs,
    operator    address NOT NULL REFERENCES nodes (operator),
    signature   signature NOT NULL,
    log_index   BIGINT NOT NULL REFERENCES log_leaves,
    PRIMARY KEY (epoch, operator)
);

CREATE TABLE claims (
    log_index   BIGINT PRIMARY KEY REFERENCES log_leaves,
    epoch       BIGINT NOT NULL REFERENCES epochs,
    node        INTEGER NOT NULL REFERENCES nodes,
    cumulative  amount NOT NULL,
    paid        amount NOT NULL CHECK (paid > 0),
    in_epoch    BIGINT NOT NULL
);
CREATE TRIGGER claims_fixed BEFORE UPDATE OR DELETE ON claims FOR EACH ROW EXECUTE FUNCTION refuse_change();
