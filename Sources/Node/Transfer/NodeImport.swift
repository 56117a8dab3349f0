public import Channels
public import Primitives

/// What an import took from a file.
public struct NodeImport: Hashable, Sendable {
    /// For which node.
    public let node: UInt32
    /// The node that wrote the file.
    public let writer: UInt32
    /// The events of the file.
    public internal(set) var events: UInt64 = 0
    /// Those that were new here.
    public internal(set) var new: UInt64 = 0
    /// Those that were here before.
    public internal(set) var known: UInt64 = 0
    /// Those that have expired here: the store's floor is above that of the file.
    public internal(set) var expired: UInt64 = 0
    /// Those that were left for another event of their originator, for the same charge.
    public internal(set) var superseded: UInt64 = 0
    /// Contradictions of the file that were checked and kept, or were here before.
    public internal(set) var evidence: UInt64 = 0
    /// The day before which nothing that has expired is held now.
    public internal(set) var floor = UTCDay(number: 0)
    /// Whether the registry came from the file, on the word of who gave it.
    public internal(set) var tookRegistry = false

    init(node: UInt32, writer: UInt32) {
        self.node = node
        self.writer = writer
    }

    /// From where an import knows which keys count. What is not named here is taken from the store, then from the file.
    public struct Trust: Sendable {
        /// The service's keys; without them only the log key of the genesis counts.
        public var keys: KeyHistory?
        /// The registry.
        public var registry: [RegisteredNode]

        /// Makes one.
        public init(keys: KeyHistory? = nil, registry: [RegisteredNode] = []) {
            self.keys = keys
            self.registry = registry
        }
    }

    /// Takes a file into the store of a directory that no process uses; one is made where there is none, for `node`, or else for the node
    /// that wrote the file.
    ///
    /// The file is read to its end first, so that nothing of a damaged one is taken. Then each event is checked and admitted as one
    /// that a peer brings. Whatever interrupts it, it may be run again; twice changes nothing. `progress` is told the bytes that
    /// were read, of twice the file's size in all. Throws ``TransferError``.
    public static func run(
        _ path: String, into directory: String, for node: UInt32? = nil, trusting trust: Trust = Trust(),
        begin: (UInt64) -> Void = { _ in }, progress: (Int) -> Void = { _ in }
    ) async throws -> NodeImport {
        let source: ExportSource
        do throws(FileFailure) {
            source = try await ExportSource.begin(path)
        } catch {
            throw TransferError.file(path: path, reason: error.reason)
        }
        let run = ImportRun(path: path, directory: directory, source: source)
        let result: Result<NodeImport, any Error>
        do {
            begin(source.size)
            result = .success(try await run.run(for: node, trusting: trust, progress))
        } catch {
            result = .failure(run.told(error))
        }
        await source.end()
        return try result.get()
    }
}

extension ImportRun {
    /// The error as the operator sees it.
    func told(_ error: any Error) -> any Error {
        switch error {
        case let placed as PlacedFault: TransferError.refused(path: path, byte: placed.byte, fault: placed.fault)
        case let failure as FileFailure: TransferError.file(path: path, reason: failure.reason)
        case let failure as SQLiteFailure: TransferError.store(failure.nodeError(directory: directory))
        case let failure as NodeError: TransferError.store(failure)
        default: error
        }
    }
}
