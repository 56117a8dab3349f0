import Channels
import Primitives

/// One import, step by step.
struct ImportRun: Sendable {
    let path: String
    let directory: String
    let source: ExportSource

    /// What stands before the events: of bounded size.
    struct Preface: Sendable {
        let heading: ExportHeading
        var nodes: [(byte: UInt64, node: RegisteredNode)] = []
        var head: (byte: UInt64, signed: SignedHead)?
        var seal: (byte: UInt64, signed: SignedSealNotice)?
    }

    private static let nodesMax = 65_536

    func run(
        for node: UInt32?, trusting trust: NodeImport.Trust, _ progress: (Int) -> Void
    ) async throws -> NodeImport {
        let preface = try await look(progress)
        let genesis = preface.heading.genesis
        if let keys = trust.keys, keys.logID != genesis.logID || keys.domain != genesis.domain {
            throw TransferError.otherNetwork(path: path, found: genesis.logID, expected: keys.logID)
        }
        let keys = trust.keys ?? KeyHistory(genesis)
        try check(preface, keys)
        let owner = try owner(node, preface, trust)
        let (store, identity) = try await EventStore.reopen(directory: directory, orMakeFor: owner)
        let result: Result<NodeImport, any Error>
        do {
            guard identity.genesis == genesis else {
                throw TransferError.otherNetwork(path: path, found: genesis.logID, expected: identity.logID)
            }
            if let node, node != identity.number {
                throw TransferError.otherNode(directory: directory, found: identity.number, named: node)
            }
            try await source.rewind()
            let intake = try await intake(store, identity, preface, keys, trust)
            result = .success(try await take(intake, preface, progress))
        } catch {
            result = .failure(error)
        }
        await store.close()
        return try result.get()
    }

    /// Reads the whole file, and keeps what stands before the events.
    private func look(_ progress: (Int) -> Void) async throws -> Preface {
        var preface: Preface?
        while let (records, bytes) = try await source.next() {
            try Task.checkCancellation()
            for placed in records {
                switch placed.record {
                case .heading(let heading): preface = Preface(heading: heading)
                case .node(let node):
                    guard preface?.nodes.count ?? 0 < Self.nodesMax else {
                        throw PlacedFault(byte: placed.byte, fault: .order(kind: placed.record.kind))
                    }
                    preface?.nodes.append((placed.byte, node))
                case .head(let head): preface?.head = (placed.byte, head)
                case .seal(let seal): preface?.seal = (placed.byte, seal)
                default: break
                }
            }
            progress(bytes)
        }
        guard let preface else { throw PlacedFault(byte: 0, fault: .truncated) }
        return preface
    }

    /// What the log key must have signed, and what follows from that for the floor.
    private func check(_ preface: Preface, _ keys: KeyHistory) throws(PlacedFault) {
        for (byte, node) in preface.nodes where !node.isSigned(in: keys.domain) {
            throw PlacedFault(byte: byte, fault: .signature(of: "node \(node.number)"))
        }
        if let (byte, head) = preface.head, head.head.logID != keys.logID || !keys.hasSigned(head) {
            throw PlacedFault(byte: byte, fault: .signature(of: "the newest head"))
        }
        if let (byte, seal) = preface.seal, !keys.hasSigned(seal) {
            throw PlacedFault(byte: byte, fault: .signature(of: "the notice of seals"))
        }
        var highest = UTCDay(number: 0)
        if let (_, head) = preface.head, let (_, seal) = preface.seal {
            highest = RetentionFloor.day(
                time: head.head.time, sealedThrough: seal.notice.epoch, preface.heading.genesis.epochs)
        }
        guard preface.heading.floor <= highest else {
            throw PlacedFault(byte: 0, fault: .floor(found: preface.heading.floor, highest: highest))
        }
    }

    /// For whom a store is made where there is none.
    private func owner(
        _ node: UInt32?, _ preface: Preface, _ trust: NodeImport.Trust
    ) throws(TransferError) -> StoreIdentity {
        let heading = preface.heading
        let number = node ?? heading.node
        let known = trust.registry + preface.nodes.map(\.node)
        if let found = known.first(where: { $0.number == number }) {
            return StoreIdentity(heading.genesis, number: number, key: found.registration.nodeKey)
        }
        guard number == heading.node else { throw .unregistered(node: number) }
        return StoreIdentity(heading.genesis, number: number, key: heading.key)
    }

    /// What is known of who may sign: the service's word counts most, then the store's, then the file's.
    private func intake(
        _ store: EventStore, _ identity: StoreIdentity, _ preface: Preface, _ keys: KeyHistory,
        _ trust: NodeImport.Trust
    ) async throws -> ImportIntake {
        let registry = Registry()
        let signed = trust.registry.filter { $0.isSigned(in: keys.domain) }
        let stored = try await store.storedRegistry().compactMap { try? RegisteredNode(canonicalBytes: $0) }
        let known = Set((signed + stored).map(\.number))
        let added = preface.nodes.map(\.node).filter { !known.contains($0.number) }
        registry.replace(with: signed + stored + added)
        if registry.all != stored { try await store.keepRegistry(registry.all) }
        let heads = TrustedHeads(keys, limit: NodeLimits().trustedHeads)
        return ImportIntake(
            store: store, check: EventCheck(rules: AdmissionRules(identity.genesis), registry: registry, heads: heads),
            keys: keys, floor: preface.heading.floor,
            outcome: NodeImport(node: identity.number, writer: preface.heading.node).tookingRegistry(!added.isEmpty))
    }

    private func take(
        _ intake: ImportIntake, _ preface: Preface, _ progress: (Int) -> Void
    ) async throws -> NodeImport {
        var intake = intake
        if let (_, head) = preface.head { try await intake.store.record(head) }
        // A key that was rotated away says nothing of what is now.
        if let (_, seal) = preface.seal, keysInForce(intake, seal) { try await intake.store.keep(seal: seal) }
        _ = try await intake.store.adopt(floor: preface.heading.floor)
        while let (records, bytes) = try await source.next() {
            try Task.checkCancellation()
            try await intake.take(records)
            progress(bytes)
        }
        intake.outcome.floor = await intake.store.floor
        return intake.outcome
    }

    private func keysInForce(_ intake: ImportIntake, _ seal: SignedSealNotice) -> Bool {
        intake.keys.isInForce(at: seal.notice.size)
    }
}

extension NodeImport {
    fileprivate func tookingRegistry(_ took: Bool) -> NodeImport {
        var outcome = self
        outcome.tookRegistry = took
        return outcome
    }
}
