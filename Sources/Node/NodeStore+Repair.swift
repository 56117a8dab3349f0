import FoundationEssentials
import Glibc

extension NodeStore {
    /// Where the file that was damaged is kept.
    public static let damagedName = StoreSchema.fileName + ".damaged"

    /// Makes a new file of what is good in a stopped node's store, in place of the damaged one, which is kept beside it.
    ///
    /// Needs as much room as the file has. Interrupted, the store is as it was. Throws where the file says no longer whose it is, or
    /// the disk fails. `progress` is told of each portion how many events it had.
    public static func repair(directory: String, progress: (Int) -> Void) async throws -> RepairReport {
        let (old, identity) = try StoreOpening.reopen(directory: directory)
        defer { old.close() }
        let folder = directory + "/repair"
        do {
            // The file alone is the store from here on, so that it can be replaced in one step.
            _ = try old.rows("PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) }
            _ = try old.rows("PRAGMA journal_mode = DELETE") { $0.text(0) }
            try? FileManager.default.removeItem(atPath: folder)
            let report = try await rebuild(in: folder, StoreRepair(old, identity: identity), progress)
            try replace(directory, by: folder)
            return report
        } catch let failure as SQLiteFailure {
            throw failure.nodeError(directory: directory)
        }
    }

    private static func rebuild(
        in folder: String, _ repair: StoreRepair, _ progress: (Int) -> Void
    ) async throws -> RepairReport {
        let file = try StoreOpening.open(directory: folder, identity: repair.identity)
        do {
            try repair.copyTables(to: file)
        } catch {
            file.close()
            throw error
        }
        file.close()
        let (store, _) = try await EventStore.reopen(directory: folder)
        do {
            let report = try await repair.copyEvents(to: store, progress: progress)
            try await store.settle()
            await store.close()
            return report
        } catch {
            await store.close()
            throw error
        }
    }

    /// The damaged file gets a second name before the new one takes its place, so that at no moment there is no store.
    private static func replace(_ directory: String, by folder: String) throws {
        let (path, damaged) = (directory + "/" + StoreSchema.fileName, directory + "/" + damagedName)
        try? FileManager.default.removeItem(atPath: damaged)
        try FileManager.default.linkItem(atPath: path, toPath: damaged)
        guard rename(folder + "/" + StoreSchema.fileName, path) == 0 else {
            throw NodeError.storeFailed(
                directory: directory, reason: "the new file could not take the old one's place", isDiskFull: false)
        }
        sync()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
