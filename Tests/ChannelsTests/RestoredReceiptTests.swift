import Channels
import Primitives
import Testing

@Suite struct RestoredReceiptTests {
    private let file: Vector
    private let vector: Vector
    private let domain: EIP712Domain

    init() throws {
        file = try Vector.file(.protocol)
        vector = try file["rollback"]["restored"]
        domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
    }

    /// Why the bytes are no good receipt of the vectors' log; `nil` where they are.
    private func refusal(_ bytes: [UInt8]) throws -> ReceiptRefusal? {
        let (logID, logKey) = (try file["receipt"]["logId"].word, try file["receipt"]["logKey"].address)
        do throws(ReceiptRefusal) {
            try Receipt(canonicalBytes: bytes).check(logID: logID, logKey: logKey, domain: domain)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the receipt of a restored charge and its twins are good`() throws {
        #expect(try refusal(vector["bytes"].bytes) == nil)
        let twins = try vector["alsoGood"].list
        #expect(twins.count == 2)
        for twin in twins { #expect(try refusal(twin["bytes"].bytes) == nil, "\(twin.title)") }
    }

    @Test func `its parts are those of the vector, and its charge is the one that was lost`() throws {
        let receipt = try Receipt(canonicalBytes: vector["bytes"].bytes)
        #expect(SHA256.hash(receipt.canonicalBytes) == (try vector["sha256"].word))
        #expect(receipt.leaf.canonicalBytes == (try vector["leaf"].bytes))
        #expect(receipt.leaf.hash == (try vector["leafHash"].word))
        #expect(receipt.leaf.kind == .restored)
        #expect(receipt.leaf.index == (try vector["index"].u64))
        #expect(receipt.charge == (try ChannelForms.charge(vector["charge"])))
        #expect(receipt.charge.canonicalBytes == (try vector["chargeBytes"].bytes))
        #expect(receipt.head.head.canonicalBytes == (try vector["head"].bytes))
        #expect(receipt.head.head.statement.head == (try vector["headHash"].word))
        #expect(receipt.path == (try vector["path"].words))
        #expect(receipt.head.head.root == (try vector["root"].word))
        let fullPath = Receipt(
            leaf: receipt.leaf, charge: receipt.charge, head: receipt.head,
            path: [Bytes32](repeating: .zero, count: 64))
        #expect(fullPath.canonicalBytes.count <= Receipt.bytesMax)
    }

    @Test func `it keeps index and time of the leaf that was lost`() throws {
        let receipt = try Receipt(canonicalBytes: vector["bytes"].bytes)
        let origin = try receipt.leaf.origin()
        #expect(origin.index == (try vector["firstIndex"].u64))
        #expect(origin.time == (try vector["firstTime"].u64))
        #expect(receipt.acceptedAt == origin.time)
        #expect(receipt.acceptedAt < receipt.leaf.time)
        let lost = try file["rollback"]["lost"].list
        let first = try #require(try lost.first { try $0["charge"].u64 == receipt.charge.number })
        let leaf = try LogLeaf(canonicalBytes: first["leaf"].bytes)
        #expect(leaf.index == origin.index)
        #expect(leaf.time == origin.time)
        #expect(try leaf.charge() == receipt.charge)
        #expect(try leaf.origin().index == leaf.index)
        #expect(try leaf.origin().time == leaf.time)
        #expect(try Receipt(canonicalBytes: first["receipt"].bytes).acceptedAt == leaf.time)
    }

    @Test func `a leaf of another kind records no charge`() throws {
        for form in try file["receipt"]["log"].list {
            let leaf = try LogLeaf(canonicalBytes: form.bytes)
            let isCharge = leaf.kind == .charge || leaf.kind == .restored
            #expect(try (leaf.charge() != nil) == isCharge, "\(leaf.kind)")
        }
    }

    private static let path: Set<String> = [
        "bit flip in the restored leaf (first index)", "bit flip in the restored leaf (first time)",
        "bit flip in the restored leaf (its last byte)", "amount of the restored charge", "path cut",
        "path of the other restored leaf", "path of the first leaf under the lost head", "under the lost head",
        "under the lost head, with the first leaf's path", "the first leaf under the head after the rollback",
        "the first leaf with the restored leaf's path",
    ]

    @Test func `every rejected receipt of a restored charge is refused, and for its reason`() throws {
        let rejected = try vector["rejected"].list
        #expect(rejected.count == 21)
        for case_ in rejected {
            let name = try case_["name"].text
            switch try refusal(case_["bytes"].bytes) {
            case .path: #expect(Self.path.contains(name), "\(name)")
            case .headSignature: #expect(name == "the lost head's signature")
            case .notACharge: #expect(name.hasPrefix("kind is no charge") || name.hasPrefix("the act"), "\(name)")
            case .form: #expect(name.hasSuffix("path and head good"), "\(name)")
            case .otherLog, .otherEnvelope, nil: Issue.record("\(name) was not refused for its reason")
            }
        }
    }

    @Test func `one flipped bit in any byte spoils it`() throws {
        let good = try vector["bytes"].bytes
        var generator = SplitMix64(seed: 12)
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            #expect(try refusal(bytes) != nil, "seed 12, byte \(place)")
        }
    }

    @Test func `what was captured of a restored charge's storage is what its midnights would have captured`() throws {
        for seed in UInt64(1)...20 {
            var generator = SplitMix64(seed: seed)
            let accepted = TestChannel.now + UInt64.random(in: 0..<200_000, using: &generator)
            let today = UTCDay(containing: accepted)
            let days = UInt32.random(in: 1...9, using: &generator)
            let item = Item(
                envelopeHash: .zero, bytes: 7, expiryDay: UTCDay(number: today.number + days), postage: 0, maxFee: .max)
            let charge = Charge(
                number: 1, epoch: 1, commitment: .zero, envelopeHash: .zero, bytes: 7, expiryDay: item.expiryDay,
                schedule: 1, price: try TestChannel.schedule().price(item, acceptedAt: accepted, congestion: 0),
                publishBy: 0)
            let restored = RestoredCharge(index: 0, time: accepted, charge: charge)
            var holds = StorageHolds()
            try holds.hold(perDay: try charge.storagePerDay(acceptedAt: accepted), until: charge.expiryDay)
            #expect(try restored.storageCaptured(through: UTCDay(number: today.number - 1)) == .zero)
            #expect(try restored.storageCaptured(through: today) == .zero)
            var captured = Amount.zero
            for number in today.number + 1...today.number + days + 2 {
                captured = try captured.adding(try holds.capture(UTCDay(number: number)))
                #expect(try restored.storageCaptured(through: UTCDay(number: number)) == captured, "seed \(seed)")
            }
            #expect(captured == charge.price.storage)
        }
    }
}
