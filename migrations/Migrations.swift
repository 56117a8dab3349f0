/// The schema's migrations, built into the program so that it runs from anywhere.
public enum Migrations {
    /// Every migration in order: its file's name without ending, and its SQL.
    ///
    /// A test compares this list with the folder.
    public static let all: [(name: String, sql: String)] = [
        ("0001_initial", String(decoding: PackageResources._001_initial_sql, as: UTF8.self)),
        (
            "0002_append_only_charges",
            String(decoding: PackageResources._002_append_only_charges_sql, as: UTF8.self)
        ),
        ("0003_channel_life", String(decoding: PackageResources._003_channel_life_sql, as: UTF8.self)),
        ("0004_fees", String(decoding: PackageResources._004_fees_sql, as: UTF8.self)),
        ("0005_idempotency_keys", String(decoding: PackageResources._005_idempotency_keys_sql, as: UTF8.self)),
        ("0006_restored_charges", String(decoding: PackageResources._006_restored_charges_sql, as: UTF8.self)),
        ("0007_journal_guards", String(decoding: PackageResources._007_journal_guards_sql, as: UTF8.self)),
        ("0008_refunds", String(decoding: PackageResources._008_refunds_sql, as: UTF8.self)),
        ("0009_rewards", String(decoding: PackageResources._009_rewards_sql, as: UTF8.self)),
        ("0010_silent_nodes", String(decoding: PackageResources._010_silent_nodes_sql, as: UTF8.self)),
        ("0011_corrections", String(decoding: PackageResources._011_corrections_sql, as: UTF8.self)),
    ]
}
