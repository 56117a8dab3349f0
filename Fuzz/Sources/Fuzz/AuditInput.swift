import Channels
import Payer
import Primitives

@testable import feesvc

/// An exported epoch in bytes that are easier to change than hex in JSON and CSV; the genesis names a key that the
/// harness has, so that it can sign the head at the edge, and acts.
struct AuditInput {
    struct Leaf {
        let time: UInt64
        let kind: LeafKind
        let body: [UInt8]
    }

    static let logKey = LostLog.key

    var epoch: UInt64 = 1
    var start: UInt64 = 1_767_225_600
    var epochSeconds: UInt64 = 604_800
    var size: UInt64 = 0
    var frontier: [Bytes32] = []
    var lastMidnight: UInt32 = 20_454
    var chargeCount: UInt64 = 0
    var minuteCounts: [UInt64] = [0, 0, 0, 0, 0]
    var isPaused = false
    var dustIn = Amount.zero
    var schedules: [[UInt8]] = []
    var nodes: [EpochOpening.Node] = []
    var storage: [EpochOpening.Storage] = []
    var charges: [OpenCharge] = []
    var log: [Leaf] = []
    var seal: [Leaf] = []

    var genesis: Genesis {
        get throws {
            let vectors = try Genesis(canonicalBytes: try Seeds.form("body 1 genesis"))
            return Genesis(
                chainID: vectors.chainID, verifyingContract: vectors.verifyingContract, logKey: Self.logKey.address,
                settlementKey: vectors.settlementKey, adminKey: Self.logKey.address, currency: vectors.currency,
                ledgerScale: vectors.ledgerScale, settlementScale: vectors.settlementScale, start: start,
                epochSeconds: epochSeconds, ruleset: vectors.ruleset)
        }
    }

    /// The state before the epoch.
    func opening() throws -> EpochOpening {
        EpochOpening(
            epoch: epoch, genesis: HexBytes(try genesis.canonicalBytes), rotations: [], size: size, frontier: frontier,
            lastMidnight: lastMidnight, chargeCount: chargeCount, minuteCounts: minuteCounts,
            isPaused: isPaused, dustIn: dustIn,
            schedules: schedules.map(HexBytes.init),
            nodes: nodes, heard: nodes.indices.map { UInt32($0 + 1) }, storage: storage)
    }

    /// Leaves with the indexes that follow one another; acts are signed.
    static func place(_ leaves: [Leaf], from index: UInt64, of genesis: Genesis) -> [LogLeaf] {
        leaves.enumerated().map { place, leaf in
            LogLeaf(
                index: index &+ UInt64(place), time: leaf.time, kind: leaf.kind,
                body: leaf.kind == .act ? signed(leaf.body, for: genesis) : leaf.body)
        }
    }

    private static func signed(_ body: [UInt8], for genesis: Genesis) -> [UInt8] {
        guard let (bytes, _) = try? LogBody.readSigned(body), let read = try? AdminAct(canonicalBytes: bytes) else {
            return body
        }
        let (act, signature) = LostLog.signed(read, for: genesis)
        return LogBody.signed(.act, act.canonicalBytes, signature).body
    }
}

extension AuditInput {
    var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        for number in [epoch, start, epochSeconds, size] { encoder.append(number) }
        encoder.append(list: frontier) { $0.append($1) }
        encoder.append(lastMidnight)
        encoder.append(chargeCount)
        encoder.append(dustIn)
        encoder.append(list: schedules) { $0.append($1) }
        encoder.append(list: nodes) { encoder, node in
            encoder.append(node.node.bytes)
            encoder.append(node.registeredAt)
            encoder.append(node.cumulative)
        }
        encoder.append(list: storage) { encoder, one in
            encoder.append(one.expiryDay)
            encoder.append(one.daily)
        }
        encoder.append(list: charges) { encoder, charge in
            encoder.append(charge.charge)
            encoder.append(charge.epoch)
            encoder.append(charge.base ?? .zero)
            encoder.append(charge.congestion ?? .zero)
            encoder.append(charge.expiryDay)
            encoder.append(charge.storagePerDay)
            encoder.append(charge.postage ?? .zero)
            encoder.append(charge.postageDue ?? 0)
        }
        for leaves in [log, seal] {
            encoder.append(list: leaves) { encoder, leaf in
                encoder.append(leaf.time)
                encoder.append(leaf.kind.rawValue)
                encoder.append(leaf.body)
            }
        }
        encoder.append(list: minuteCounts) { $0.append($1) }
        encoder.append(UInt8(isPaused ? 1 : 0))
        return encoder.bytes
    }

    init(_ bytes: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(untagged: bytes)
        epoch = try decoder.readUInt64()
        start = try decoder.readUInt64()
        epochSeconds = max(1, try decoder.readUInt64())
        size = try decoder.readUInt64()
        frontier = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in try decoder.readBytes32() }
        lastMidnight = try decoder.readUInt32()
        chargeCount = try decoder.readUInt64()
        dustIn = try decoder.readAmount()
        schedules = try decoder.readList(limit: 8) { decoder throws(CanonicalError) in try decoder.readBytes(limit: 512)
        }
        nodes = try decoder.readList(limit: 16) { decoder throws(CanonicalError) in
            EpochOpening.Node(
                node: HexBytes(try decoder.readBytes(limit: 1_024)), registeredAt: try decoder.readUInt64(),
                cumulative: try decoder.readAmount())
        }
        storage = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in
            EpochOpening.Storage(expiryDay: try decoder.readUInt32(), daily: try decoder.readAmount())
        }
        charges = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in try Self.readCharge(&decoder) }
        log = try decoder.readList(limit: 256) { decoder throws(CanonicalError) in try Self.readLeaf(&decoder) }
        seal = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in try Self.readLeaf(&decoder) }
        minuteCounts = try decoder.readList(limit: 6) { decoder throws(CanonicalError) in try decoder.readUInt64() }
        isPaused = try decoder.readUInt8() == 1
        try decoder.finish()
    }

    /// Zero stands for what is not held.
    private static func readCharge(_ decoder: inout CanonicalDecoder) throws(CanonicalError) -> OpenCharge {
        let charge = try decoder.readUInt64()
        let epoch = try decoder.readUInt64()
        let base = try decoder.readAmount()
        let congestion = try decoder.readAmount()
        let expiryDay = try decoder.readUInt32()
        let storagePerDay = try decoder.readAmount()
        let postage = try decoder.readAmount()
        let postageDue = try decoder.readUInt64()
        return OpenCharge(
            charge: charge, epoch: epoch, base: base > .zero ? base : nil,
            congestion: base > .zero ? congestion : nil, expiryDay: expiryDay, storagePerDay: storagePerDay,
            postage: postage > .zero ? postage : nil,
            postageDue: postage > .zero ? postageDue : nil)
    }

    private static func readLeaf(_ decoder: inout CanonicalDecoder) throws(CanonicalError) -> Leaf {
        let time = try decoder.readUInt64()
        guard let kind = LeafKind(rawValue: try decoder.readUInt16()) else { throw .outOfRange(field: "kind") }
        return Leaf(time: time, kind: kind, body: try decoder.readBytes(limit: LogLeaf.bodyBytesMax))
    }
}
