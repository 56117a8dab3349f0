/// The tables of a node's store, format 4.
enum StoreSchema {
    /// The file in the data directory.
    static let fileName = "node.sqlite"
    /// The format that this program writes and reads.
    static let format: Int64 = 4

    /// One process owns the file (EXCLUSIVE; the lock is taken by the first access after it is asked for, so there is one), and a commit is on the disk when it returns (FULL). What is
    /// deleted is overwritten (secure_delete).
    static let pragmas = """
        PRAGMA locking_mode = EXCLUSIVE;
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA cache_size = -16384;
        PRAGMA temp_store = MEMORY;
        PRAGMA secure_delete = ON;
        BEGIN EXCLUSIVE;
        COMMIT;
        """

    static let tables = """
        CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
        CREATE TABLE event(
            arrival INTEGER PRIMARY KEY AUTOINCREMENT,
            id BLOB NOT NULL UNIQUE,
            originator INTEGER NOT NULL,
            shard INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            topic BLOB NOT NULL,
            epoch INTEGER NOT NULL,
            charge INTEGER NOT NULL,
            logged INTEGER NOT NULL,
            expiry INTEGER NOT NULL,
            acknowledged INTEGER,
            bytes BLOB NOT NULL,
            signature BLOB NOT NULL
        ) STRICT;
        CREATE INDEX event_topic ON event(topic, charge, id);
        CREATE INDEX event_chain ON event(originator, shard, sequence, id);
        CREATE INDEX event_charge ON event(charge, id);
        CREATE INDEX event_arrivals ON event(topic, arrival);
        CREATE TABLE envelope(charge INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
        CREATE TABLE deletion(
            charge INTEGER PRIMARY KEY, id BLOB NOT NULL, shard INTEGER NOT NULL, expiry INTEGER NOT NULL,
            bytes BLOB NOT NULL
        ) STRICT;
        CREATE INDEX deletion_id ON deletion(id);
        CREATE TABLE tip(topic BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY(topic, id)) WITHOUT ROWID, STRICT;
        CREATE TABLE dangling(id BLOB PRIMARY KEY, expiry INTEGER NOT NULL) WITHOUT ROWID, STRICT;
        CREATE TABLE topic(id BLOB NOT NULL PRIMARY KEY, events INTEGER NOT NULL) WITHOUT ROWID, STRICT;
        CREATE TABLE chain(
            originator INTEGER NOT NULL, shard INTEGER NOT NULL, sequence INTEGER NOT NULL, id BLOB NOT NULL,
            bytes BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY(originator, shard)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE shard(number INTEGER PRIMARY KEY, is_held INTEGER NOT NULL) STRICT;
        CREATE TABLE checkpoint(
            day INTEGER NOT NULL, shard INTEGER NOT NULL, bytes BLOB NOT NULL, signature BLOB NOT NULL,
            PRIMARY KEY(day, shard)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE evidence(
            originator INTEGER NOT NULL, id BLOB NOT NULL, other BLOB NOT NULL,
            bytes BLOB NOT NULL, signature BLOB NOT NULL, other_bytes BLOB NOT NULL, other_signature BLOB NOT NULL,
            PRIMARY KEY(originator, id, other)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE head_evidence(id BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID, STRICT;
        CREATE TABLE observation(
            epoch INTEGER NOT NULL, peer INTEGER NOT NULL,
            probes INTEGER NOT NULL DEFAULT 0, answered INTEGER NOT NULL DEFAULT 0,
            challenges INTEGER NOT NULL DEFAULT 0, passed INTEGER NOT NULL DEFAULT 0,
            first_delivered INTEGER NOT NULL DEFAULT 0, bytes_served INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY(epoch, peer)
        ) WITHOUT ROWID, STRICT;
        CREATE TABLE registry(number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
        """
}
