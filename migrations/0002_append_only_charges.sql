-- The hot path becomes append-only and small. A voucher that is charged writes one row of charges, updates one row of
-- lanes, and shares a row of log_blocks and one of voucher_blocks with up to 63 others.

DO $$ BEGIN
    IF EXISTS (SELECT FROM instance) THEN
        RAISE EXCEPTION 'this database holds an instance of schema 1, which is not carried over: export its epochs with the version that wrote it, then start on an empty database';
    END IF;
END $$;

DROP TABLE refunds, acknowledgements, charges, vouchers, lanes, channels;
DROP TABLE log_leaves CASCADE;

-- Leaves of one kind and time that follow one another. bodies is a canonical list of byte strings.
CREATE TABLE log_blocks (
    first_index BIGINT PRIMARY KEY CHECK (first_index >= 0),
    count       INTEGER NOT NULL CHECK (count BETWEEN 1 AND 64),
    time        BIGINT NOT NULL,
    kind        SMALLINT NOT NULL,
    bodies      BYTEA NOT NULL
);
-- Hashes and signatures don't compress; trying costs more than writing them.
ALTER TABLE log_blocks ALTER COLUMN bodies SET STORAGE EXTERNAL;
-- All kinds but charges, of which there are too many to be looked for by kind.
CREATE INDEX log_blocks_by_kind ON log_blocks (kind, first_index) WHERE kind <> 4;
CREATE TRIGGER log_blocks_fixed BEFORE UPDATE OR DELETE ON log_blocks FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The vouchers that a run of charges rests on, each with the number of its first charge.
CREATE TABLE voucher_blocks (
    first_charge    BIGINT PRIMARY KEY CHECK (first_charge >= 1),
    vouchers        BYTEA NOT NULL
);
ALTER TABLE voucher_blocks ALTER COLUMN vouchers SET STORAGE EXTERNAL;
CREATE TRIGGER voucher_blocks_fixed BEFORE UPDATE OR DELETE ON voucher_blocks FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- The ledger has one control account for all channels; these rows and lanes are its sub-ledger.
CREATE TABLE channels (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id  hash32 NOT NULL UNIQUE,
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

-- Rewritten in place with each voucher: room is left so that a page holds the new version.
CREATE TABLE lanes (
    channel     BIGINT NOT NULL REFERENCES channels,
    lane        SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    sequence    BIGINT NOT NULL CHECK (sequence >= 0),
    ceiling     amount NOT NULL,
    charged     amount NOT NULL,
    last_charge BIGINT NOT NULL,
    PRIMARY KEY (channel, lane),
    CHECK (charged <= ceiling)
) WITH (fillfactor = 60);

-- What decisions and statements need of each charge; the rest stands in its leaf and its voucher. No foreign keys: the
-- one writer appends a charge with its channel's lane, its leaf and its voucher in one transaction, and a check of each
-- would cost as much as the row. Nothing here is ever changed; what is decided stands in tables of its own.
CREATE TABLE charges (
    number          BIGINT PRIMARY KEY CHECK (number >= 1),
    log_index       BIGINT NOT NULL,
    channel         BIGINT NOT NULL,
    envelope_hash   BYTEA NOT NULL CHECK (octet_length(envelope_hash) = 32),
    accepted_at     BIGINT NOT NULL,
    expiry_day      BIGINT NOT NULL,
    base            NUMERIC(39, 0) NOT NULL CHECK (base >= 0),
    congestion      NUMERIC(39, 0) NOT NULL CHECK (congestion >= 0),
    storage_per_day NUMERIC(39, 0) NOT NULL CHECK (storage_per_day >= 0),
    UNIQUE (channel, envelope_hash)
);
CREATE TRIGGER charges_fixed BEFORE UPDATE OR DELETE ON charges FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Postage that was put down with a charge; decided once, by the leaf at decided_index.
CREATE TABLE postage_holds (
    charge          BIGINT PRIMARY KEY REFERENCES charges,
    amount          amount NOT NULL CHECK (amount > 0),
    due             BIGINT NOT NULL,
    decided_index   BIGINT
);
CREATE INDEX postage_holds_open ON postage_holds (due, charge) WHERE decided_index IS NULL;

-- Charges whose unspent parts went back.
CREATE TABLE voids (
    charge      BIGINT PRIMARY KEY REFERENCES charges,
    log_index   BIGINT NOT NULL
);
CREATE TRIGGER voids_fixed BEFORE UPDATE OR DELETE ON voids FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE refunds (
    charge      BIGINT NOT NULL REFERENCES charges,
    part        TEXT NOT NULL CHECK (part IN ('base', 'storage', 'postage')),
    ground      SMALLINT NOT NULL,
    amount      amount NOT NULL CHECK (amount > 0),
    evidence    BYTEA NOT NULL,
    log_index   BIGINT NOT NULL,
    epoch       BIGINT NOT NULL,
    PRIMARY KEY (charge, part)
);
CREATE TRIGGER refunds_fixed BEFORE UPDATE OR DELETE ON refunds FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE acknowledgements (
    charge      BIGINT PRIMARY KEY REFERENCES charges,
    body        BYTEA NOT NULL,
    signature   signature NOT NULL
);

-- An epoch's charges are a run of numbers.
ALTER TABLE epochs
    ADD COLUMN first_charge BIGINT NOT NULL DEFAULT 1,
    ADD COLUMN end_charge BIGINT CHECK (end_charge >= first_charge);
