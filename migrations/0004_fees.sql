-- Congestion that is charged and captured apart from the pools, and schedules that follow one another.

DO $$ BEGIN
    IF EXISTS (SELECT FROM instance) THEN
        RAISE EXCEPTION 'this database holds an instance of an earlier schema, which is not carried over: its log has cuts and acts of another form; export its epochs with the version that wrote it, then start on an empty database';
    END IF;
END $$;

-- The leaf that logged a schedule: what an epoch begins with is what was logged before it, in force or not.
ALTER TABLE schedules ADD COLUMN log_index BIGINT NOT NULL UNIQUE CHECK (log_index >= 1);
CREATE TRIGGER schedules_fixed BEFORE UPDATE OR DELETE ON schedules FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Congestion fees that were captured for the protocol while the epoch was open.
ALTER TABLE epochs ADD COLUMN congestion_captured amount NOT NULL DEFAULT 0;
