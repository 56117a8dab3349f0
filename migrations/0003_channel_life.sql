-- The whole life of a channel: openings that hold nothing yet, signers, closing, withdrawals; and a fencing token for
-- whoever writes.

-- Whoever takes the database over counts this up; a transaction under an older token is refused.
ALTER TABLE instance ADD COLUMN fence BIGINT NOT NULL DEFAULT 0 CHECK (fence >= 0);

-- Openings that hold no money: strangers can make them, so they are few, and the oldest make room.
CREATE TABLE openings (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel_id  hash32 NOT NULL UNIQUE,
    payer       address NOT NULL,
    signer      address NOT NULL,
    opening     hash32 NOT NULL,
    opened_at   BIGINT NOT NULL
);

ALTER TABLE channels
    DROP CONSTRAINT channels_stage_check,
    ADD CHECK (stage IN ('opening', 'open', 'closing', 'closed')),
    ADD COLUMN closes_at BIGINT,
    ADD COLUMN nonce BIGINT NOT NULL DEFAULT 0 CHECK (nonce >= 0),
    ADD COLUMN signer_revoked BOOLEAN NOT NULL DEFAULT FALSE,
    ADD CHECK ((stage = 'closing') = (closes_at IS NOT NULL)),
    ADD CHECK ((stage = 'closed') = (closed_at IS NOT NULL));
CREATE INDEX channels_closing ON channels (closes_at, number) WHERE stage = 'closing';

-- Counters only grow, stages only go forward, and what is closed stays as it is.
CREATE FUNCTION keep_channel_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.stage = 'closed'
        OR array_position(ARRAY['opening', 'open', 'closing', 'closed'], NEW.stage)
            < array_position(ARRAY['opening', 'open', 'closing', 'closed'], OLD.stage)
        OR NEW.deposited < OLD.deposited OR NEW.refunded < OLD.refunded OR NEW.withdrawn < OLD.withdrawn
        OR NEW.nonce < OLD.nonce
        OR (NEW.channel_id, NEW.payer, NEW.signer, NEW.opening, NEW.opened_at)
            IS DISTINCT FROM (OLD.channel_id, OLD.payer, OLD.signer, OLD.opening, OLD.opened_at)
    THEN
        RAISE EXCEPTION 'channel % does not go back', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER channels_forward BEFORE UPDATE ON channels FOR EACH ROW EXECUTE FUNCTION keep_channel_order();
CREATE TRIGGER channels_kept BEFORE DELETE ON channels FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Whom the payer delegated to. Who was revoked stays: a signer of once may not welcome the channel's messages.
CREATE TABLE channel_signers (
    channel     BIGINT NOT NULL REFERENCES channels,
    signer      address NOT NULL,
    lane        INTEGER CHECK (lane BETWEEN 0 AND 63),
    ceiling     amount NOT NULL,
    expires     NUMERIC(20, 0) NOT NULL CHECK (expires >= 0 AND expires < 18446744073709551616),
    is_revoked  BOOLEAN NOT NULL,
    PRIMARY KEY (channel, signer)
);

-- What payers signed for their channels, with the leaf that logs its digest.
CREATE TABLE channel_statements (
    log_index   BIGINT PRIMARY KEY,
    channel     BIGINT NOT NULL REFERENCES channels,
    type_hash   hash32 NOT NULL,
    words       BYTEA NOT NULL CHECK (octet_length(words) % 32 = 0),
    signature   signature NOT NULL
);
CREATE INDEX channel_statements_by_channel ON channel_statements (channel, log_index);
CREATE TRIGGER channel_statements_fixed BEFORE UPDATE OR DELETE ON channel_statements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Charges of one lane form a chain from the newest back, so that a statement needs no index of its own.
DO $$ BEGIN
    IF EXISTS (SELECT FROM charges) THEN
        RAISE EXCEPTION 'this database holds charges of schema 2, which are not carried over: export its epochs with the version that wrote it, then start on an empty database';
    END IF;
END $$;
ALTER TABLE charges ADD COLUMN lane SMALLINT NOT NULL CHECK (lane BETWEEN 0 AND 63),
    ADD COLUMN previous BIGINT NOT NULL CHECK (previous >= 0 AND previous < number);
