import Foundation
import Logging
import Node
import ServiceLifecycle

/// An operator's deny list on disk, read again when it changes.
struct DenyListFile: Service, CustomStringConvertible {
    /// The largest file in bytes.
    private static let bytesMax = 16 << 20
    private static let period = Duration.seconds(1)

    /// What tells one state of a file from another.
    private struct Mark: Equatable {
        let file: UInt64?
        let size: UInt64?
        let changed: Date?
    }

    let path: String
    let policy: NodePolicy
    let logger: Logger

    var description: String { "deny list" }

    /// Reads the list, or says what is wrong with it; a node does not start with one that it can't read.
    func load() throws {
        policy.replace(with: try read())
    }

    func run() async throws {
        var seen = mark()
        var isBroken = false
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.period) }
            let now = mark()
            guard now != seen || isBroken else { continue }
            do {
                // What is half written is read again: it changes once more.
                let list = try read()
                policy.replace(with: list)
                logger.notice("the deny list was read again", metadata: ["denylist.entries": "\(list.count)"])
                isBroken = false
            } catch {
                if now != seen {
                    logger.error("the deny list is not taken over, the last one stays", metadata: ["error": "\(error)"])
                }
                isBroken = true
            }
            seen = now
        }
    }

    private func read() throws -> DenyList {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: Self.bytesMax + 1) ?? Data()
        } catch {
            throw OperatorError("The deny list \(path) can't be read: \(Presentation.reason(of: error)).")
        }
        guard bytes.count <= Self.bytesMax else {
            throw OperatorError("The deny list \(path) has more than \(Self.bytesMax) bytes.")
        }
        do {
            return try DenyList(text: Array(bytes))
        } catch {
            throw OperatorError("The deny list \(path) is not taken over: \(error).")
        }
    }

    private func mark() -> Mark? {
        guard let found = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
        return Mark(
            file: found[.systemFileNumber] as? UInt64, size: found[.size] as? UInt64,
            changed: found[.modificationDate] as? Date)
    }
}
