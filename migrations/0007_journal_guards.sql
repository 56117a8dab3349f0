-- The journal guards itself, for every role that writes: an entry follows the newest one, in the open epoch; its postings
-- come at once and balance; totals only grow; nothing that is recorded is emptied either.

CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last ledger_entries%ROWTYPE;
    open_now BIGINT;
BEGIN
    SELECT * INTO last FROM ledger_entries ORDER BY number DESC LIMIT 1;
    SELECT open_epoch INTO open_now FROM instance;
    IF NEW.epoch IS DISTINCT FROM open_now THEN
        RAISE EXCEPTION 'entry % is for epoch %, and % is open: a closed period takes no entries', NEW.number, NEW.epoch, open_now
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.number <> coalesce(last.number, 0) + 1
        OR NEW.previous <> coalesce(last.hash, decode(repeat('00', 32), 'hex'))
        OR NEW.time < coalesce(last.time, 0)
    THEN
        RAISE EXCEPTION 'entry % does not follow entry %', NEW.number, coalesce(last.number, 0)
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_entries_follow BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION check_entry();

CREATE FUNCTION check_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    newest BIGINT;
BEGIN
    SELECT max(number) INTO newest FROM ledger_entries;
    IF EXISTS (SELECT FROM inserted WHERE entry IS DISTINCT FROM newest)
        OR (SELECT sum(debit) <> sum(credit) FROM inserted)
        OR (SELECT count(*) FROM inserted) <> (SELECT count(*) FROM ledger_postings WHERE entry = newest)
    THEN
        RAISE EXCEPTION 'the postings of entry % do not come at once, or do not balance', newest
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_postings_balance AFTER INSERT ON ledger_postings REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION check_postings();

CREATE FUNCTION check_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name <> OLD.name OR NEW.debits < OLD.debits OR NEW.credits < OLD.credits THEN
        RAISE EXCEPTION 'totals of account % only grow', OLD.name USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_accounts_grow BEFORE UPDATE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION check_totals();
CREATE TRIGGER ledger_accounts_kept BEFORE DELETE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    kept TEXT;
BEGIN
    FOREACH kept IN ARRAY ARRAY[
        'ledger_entries', 'ledger_postings', 'ledger_accounts', 'log_blocks', 'log_tiles', 'voucher_blocks', 'charges', 'voids',
        'refunds', 'settlements', 'claims', 'channels', 'channel_statements', 'restored_charges'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
            kept || '_not_emptied', kept);
    END LOOP;
END $$;
