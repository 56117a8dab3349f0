import Channels
import Primitives
import Testing

@Suite struct ReceiptTests {
    private let vector: Vector
    private let domain: EIP712Domain

    init() throws {
        let file = try Vector.file(.protocol)
        vector = try file["receipt"]
        domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
    }

    /// Why the bytes are no good receipt of the vectors' log; `nil` where they are.
    private func refusal(_ bytes: [UInt8]) throws -> ReceiptRefusal? {
        let (logID, logKey) = (try vector["logId"].word, try vector["logKey"].address)
        do throws(ReceiptRefusal) {
            try Receipt(canonicalBytes: bytes).check(logID: logID, logKey: logKey, domain: domain)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the receipt and its twins against other heads are good`() throws {
        #expect(try refusal(vector["bytes"].bytes) == nil)
        let twins = try vector["alsoGood"].list
        #expect(twins.count == 2)
        for twin in twins { #expect(try refusal(twin["bytes"].bytes) == nil, "\(twin.title)") }
    }

    @Test func `its parts are those of the vector`() throws {
        let receipt = try Receipt(canonicalBytes: vector["bytes"].bytes)
        #expect(receipt.leaf.canonicalBytes == (try vector["leaf"].bytes))
        #expect(receipt.leaf.hash == (try vector["leafHash"].word))
        #expect(receipt.leaf.index == (try vector["index"].u64))
        #expect(receipt.head.head.canonicalBytes == (try vector["head"].bytes))
        #expect(receipt.head.head.statement.head == (try vector["headHash"].word))
        #expect(receipt.path == (try vector["path"].words))
        #expect(receipt.head.head.root == (try vector["root"].word))
        #expect(receipt.canonicalBytes.count <= Receipt.bytesMax)
    }

    private static let path: Set<String> = [
        "bit flip in leaf (its last byte)", "bit flip in leaf (time)", "bit flip in leaf (amount of base)", "path cut",
        "path cut at its start", "path empty", "path extended", "bit flip in path", "path turned round",
        "head of another size under the old signature", "index moved", "index moved, path of the new index",
        "path of another leaf", "index moved, though log key and path agree on the place",
        "head size below index (an earlier head, signed)",
        "head size is index, root and path of the larger tree, signed", "head size 0, signed",
    ]
    private static let signature: Set<String> = [
        "head signature by another key", "head signature with the other v", "head signature of a later head",
        "bit flip in head (time)",
    ]
    private static let notACharge: Set<String> = [
        "leaf is no charge, path and head good", "kind is no charge, body is one, path and head good",
    ]

    @Test func `every rejected receipt is refused, and for its reason`() throws {
        let rejected = try vector["rejected"].list
        #expect(rejected.count == 37)
        for case_ in rejected {
            let name = try case_["name"].text
            let found = try refusal(case_["bytes"].bytes)
            switch found {
            case .path: #expect(Self.path.contains(name), "\(name)")
            case .headSignature: #expect(Self.signature.contains(name), "\(name)")
            case .notACharge: #expect(Self.notACharge.contains(name), "\(name)")
            case .form:
                let others = Self.path.union(Self.signature).union(Self.notACharge)
                #expect(!others.contains(name), "\(name)")
            case .otherLog, .otherEnvelope, nil: Issue.record("\(name): \(String(describing: found))")
            }
        }
    }

    @Test func `a receipt of another log is refused before its signature is looked at`() throws {
        let receipt = try Receipt(canonicalBytes: vector["bytes"].bytes)
        let key = try vector["logKey"].address
        #expect(throws: ReceiptRefusal.otherLog) { try receipt.check(logID: .zero, logKey: key, domain: domain) }
    }

    @Test func `one flipped bit in any byte spoils it`() throws {
        let good = try vector["bytes"].bytes
        var generator = SplitMix64(seed: 11)
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            #expect(try refusal(bytes) != nil, "seed 11, byte \(place)")
        }
    }

    @Test func `every charge of the log has a good receipt from its tree`() throws {
        let leaves = try vector["log"].list.map { try LogLeaf(canonicalBytes: $0.bytes) }
        var tree = LogTree()
        for leaf in leaves { _ = tree.append(leaf.hash) }
        let key = SecretKey(seed: 1, label: "log")
        let head = LogHead(
            logID: try vector["logId"].word, size: tree.size, root: tree.root, time: 1, epoch: 1)
        let signed = SignedHead(head: head, signature: key.sign(domain.digest(of: head.statement)))
        let charges = try leaves.filter { try $0.charge() != nil }
        #expect(charges.map(\.kind) == [.charge, .charge, .charge, .restored, .restored, .charge])
        for (leaf, path) in zip(charges, tree.paths(of: charges.map(\.index)) { _ in [] }) {
            let receipt = Receipt(
                leaf: leaf, charge: try #require(try leaf.charge()), head: signed, path: path)
            let read = try Receipt(canonicalBytes: receipt.canonicalBytes)
            #expect(read == receipt)
            #expect(throws: Never.self) { try read.check(logID: head.logID, logKey: key.address, domain: domain) }
        }
    }
}
