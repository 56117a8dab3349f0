-- Charges of a history that was lost with a database, proved by their payers. Their leaves are of the history that goes
-- on; what opens their commitments is of the lost one.
CREATE TABLE restored_charges (
    charge      BIGINT PRIMARY KEY REFERENCES charges,
    salt        hash32 NOT NULL
);
CREATE TRIGGER restored_charges_fixed BEFORE UPDATE OR DELETE ON restored_charges
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
