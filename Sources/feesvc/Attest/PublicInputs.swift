import Channels
import Foundation
import Payer
import Primitives
import Rewards

/// The files from which anybody recomputes an epoch, as a service gives them to everybody.
///
/// Log and held charges go to files and are read part by part, as an audit reads them: memory grows with nodes and single
/// decisions, not with charges.
struct PublicInputs {
    /// The largest file that is taken, so that a service can't fill the disk: 10^8 charges are a third of it.
    private static let fileBytesMax = 128 << 30

    let service: ServiceConnection
    let epoch: UInt64

    /// What follows from the files, and what they say was sealed.
    struct Recomputed {
        let audit: EpochAudit
        /// The result in `seal.csv`; nothing of it went into the audit's.
        let logged: EpochResult
        /// The hashes of the leaves in `seal.csv`, by index.
        let seal: [UInt64: Bytes32]
    }

    /// Recomputes the epoch. The caller compares what was sealed with what follows.
    ///
    /// - Parameter previous: the epoch before, at whose end this one has to begin; `nil` takes the state before the epoch as
    ///   `opening.json` and `held.csv` have it.
    ///
    /// Throws an ``AuditDifference`` where the files contradict each other or the protocol, a ``ClientError`` where they did
    /// not come.
    func recompute(after previous: Recomputed? = nil) async throws -> Recomputed {
        try await ScratchFolder.with { folder in
            let opening = try InputFiles.opening(try await bytes(.opening))
            try AuditDifference.check("opening.json", "epoch", expected: epoch, found: opening.epoch)
            let seal = try InputFiles.leaves(try await bytes(.seal), file: InputFile.seal.rawValue)
            let head = try AuditDifference.inPlace("head.csv") { [bytes = try await bytes(.head)] in
                try InputFiles.head(bytes)
            }
            let log = try await file(.log, in: folder)
            let held = try await file(.held, in: folder)
            let replay = try replay(opening, held: held, log: log, after: previous)
            let audit = try EpochAudit(recomputing: replay, opening: opening, seal: seal, head: head)
            return Recomputed(
                audit: audit, logged: try Self.result(in: seal),
                seal: Dictionary(seal.map { ($0.index, $0.hash) }) { first, _ in first })
        }
    }

    private static func result(in seal: [LogLeaf]) throws -> EpochResult {
        guard let leaf = seal.first(where: { $0.kind == .result }) else {
            throw AuditDifference("seal.csv", "result", expected: "one leaf", found: "none")
        }
        return try AuditDifference.inPlace("seal.csv, leaf \(leaf.index)") {
            try EpochResult(canonicalBytes: leaf.body)
        }
    }

    private func replay(
        _ opening: EpochOpening, held: AuditSource, log: AuditSource, after previous: Recomputed?
    ) throws -> EpochReplay {
        let named = try NamedCharges(log)
        var replay = try AuditDifference.inPlace("opening.json") { try EpochReplay(opening, keeping: named) }
        // Signatures are made for the log that the service showed first; a result of another would be signed for nothing.
        try AuditDifference.check(
            "opening.json", "genesis", expected: service.genesis.logID, found: replay.genesis.logID)
        if let previous { try EpochTie.checkOpening(opening, replay, after: previous.audit) }
        var charges = previous.map { HeldTie(end: $0.audit.replay.held) }
        try InputFiles.forEachHeld(held) { charge in
            try charges?.take(charge)
            try replay.open(charge)
        }
        try charges?.finish()
        var seal = previous.map { SealTie(epoch: $0.audit.result.epoch, seal: $0.seal) }
        try LogWalk.forEachPart(log) { leaves in
            try Task.checkCancellation()
            try seal?.take(leaves)
            for leaf in leaves { try replay.apply(leaf) }
        }
        try seal?.finish()
        return replay
    }

    private func path(_ file: InputFile) -> String { "/v1/epochs/\(epoch)/inputs/\(file.rawValue)" }

    private func bytes(_ file: InputFile) async throws -> [UInt8] { try await service.client.bytes(path(file)) }

    private func file(_ file: InputFile, in folder: ScratchFolder) async throws -> AuditSource {
        let writer = try folder.create(file.rawValue)
        try await service.client.forEachPart(of: path(file), answerBytesMax: Self.fileBytesMax) {
            try writer.write($0)
        }
        try writer.close()
        return AuditSource(name: file.rawValue, content: .file(path: writer.path))
    }
}
