import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// `feesvc audit --signatures`: whoever signed something in an export, one byte of it can't be another.
struct AuditSignatureTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let delegate = SecretKey(seed: 1, label: "delegate")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength

    private func pay(
        _ fixture: ServiceFixture, _ channel: Bytes32, _ labels: [String], by key: SecretKey, sequence: UInt64
    ) async throws {
        let items = labels.map { fixture.item(fixture.envelope($0, topic: topic)) }
        _ = try await fixture.pay(
            fixture.voucher(
                items, channel: channel, key: key, sequence: sequence,
                ceiling: Amount(UInt128(sequence) * 1_000_000_000)))
    }

    /// Two epochs in which everything is signed that there is; returns the folder of their exports.
    private func export(_ fixture: ServiceFixture) async throws -> String {
        try await fixture.registerNodes(3)
        let channel = try await fixture.channel(key, deposit: 10_000_000_000)
        try await pay(fixture, channel, ["a", "b"], by: key, sequence: 1)
        try await fixture.order(.pause(false), nonce: 1)
        let delegation = Delegation(
            channelID: channel, signer: delegate.address, lane: Delegation.everyLane, ceiling: .max, expires: .max,
            nonce: 1)
        _ = try await fixture.service.delegate(
            delegation, signature: key.sign(fixture.service.domain.digest(of: delegation)))
        // The second repeats a message that was paid for, which is not charged again.
        try await pay(fixture, channel, ["a", "c", "d"], by: delegate, sequence: 2)
        try await fixture.advance(to: Self.edge)
        for node in 1...3 { try await fixture.deliver([1, 2, 3, 4], epoch: 1, node: node) }
        try await fixture.observeAll(3, epoch: 1)
        let result = try await fixture.service.seal(1)
        for number in 1...3 {
            let key = ServiceFixture.operatorKey(number)
            _ = try await fixture.service.attest(
                epoch: 1, operatorAddress: key.address,
                signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
        }
        try await pay(fixture, channel, ["e"], by: key, sequence: 3)
        try await fixture.advance(to: Self.edge + ServiceFixture.epochLength)
        try await fixture.observeAll(3, epoch: 2)
        _ = try await fixture.service.seal(2)
        let out = fixture.directory + "/reports"
        _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
        return out
    }

    private func difference(_ path: String) throws -> AuditDifference? {
        do {
            try DirectoryChain.auditSignatures(path) { _, _ in }
            return nil
        } catch let difference as AuditDifference {
            return difference
        }
    }

    @Test func `an export's signatures are counted, and a byte of any of them is missed`() async throws {
        try await ServiceFixture.run { fixture in
            let out = try await export(fixture)
            var counts: [UInt64] = []
            var unknown: [Int] = []
            try DirectoryChain.auditSignatures(out) { _, signatures in
                counts.append(signatures.count)
                unknown.append(signatures.unknown)
            }
            // Two vouchers and a delegation; a voucher, the delegation again and both signatures of three nodes.
            #expect(counts == [3, 8])
            #expect(unknown == [0, 0])
            for thing in SignedThing.allCases {
                let spoilt = try SpoiltExport(of: out)
                defer { spoilt.remove() }
                try spoilt.flip(thing)
                let found = try difference(spoilt.path)
                #expect(found?.place.contains(thing.place) == true, "\(thing): \(found?.description ?? "agrees")")
            }
        }
    }

    @Test func `a registration before the epoch is checked where the epoch before it is not there`() async throws {
        try await ServiceFixture.run { fixture in
            let spoilt = try SpoiltExport(of: try await export(fixture))
            defer { spoilt.remove() }
            try spoilt.flipOpening()
            #expect(try difference(spoilt.path + "/epoch-0002")?.place == "opening.json, node 1")
        }
    }

    @Test func `who revoked a signer is not charged by what that signer signs later`() async throws {
        try await ServiceFixture.run { fixture in
            let out = try await export(fixture)
            let folder = try AuditFolder(out + "/epoch-0001")
            let signers = try ChannelSigners(folder, domain: fixture.service.domain)
            let delegation = try #require(signers.statements.keys.first)
            let channel = OpenChannel(
                payer: key.address, signer: key.address, opening: SHA256.hash(key.address.bytes)
            ).channelID(in: fixture.service.domain)
            func may(_ signer: SecretKey, before index: UInt64) -> Bool {
                signers.authority(of: signer.address, channel: channel, before: index) != nil
            }
            #expect(may(key, before: 0))
            #expect(!may(delegate, before: delegation))
            #expect(may(delegate, before: delegation + 1))
            #expect(!may(SecretKey(seed: 1, label: "stranger"), before: .max))
        }
    }

    @Test func `what is kept of charges changes nothing of what is found`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await export(fixture)
            for epoch in UInt64(1)...2 {
                let (opening, held, leaves) = try await fixture.service.read {
                    let inputs = try await EpochInputs($0, epoch: epoch)
                    return (try await inputs.opening(), try await inputs.held(), try await inputs.leaves())
                }
                var all = try EpochReplay(opening)
                var few = try EpochReplay(opening, keeping: NamedCharges(leaves))
                for charge in held {
                    try all.open(charge)
                    try few.open(charge)
                }
                for leaf in leaves {
                    try all.apply(leaf)
                    try few.apply(leaf)
                }
                #expect(try all.heldNow() == few.heldNow())
                #expect(all.flows == few.flows)
                #expect(all.held.kept.count == (epoch == 1 ? 4 : 1))
                #expect(few.held.kept.isEmpty)
            }
        }
    }
}

/// What somebody has signed in an export.
private enum SignedThing: CaseIterable {
    case voucher, delegation, observation, deliveryList, attestation, registration, act, head

    /// What the place of the difference holds.
    var place: String {
        switch self {
        case .voucher: "epoch-0001/vouchers.csv, voucher of charge 1"
        case .delegation: "epoch-0001/signers.csv, leaf"
        case .observation: "epoch-0001/seal.csv, leaf"
        case .deliveryList: "(delivered)"
        case .attestation: "(attestation)"
        case .registration: "(node)"
        case .act: "(act)"
        case .head: "epoch-0001/head.csv"
        }
    }

    var file: String {
        switch self {
        case .voucher: "epoch-0001/vouchers.csv"
        case .delegation: "epoch-0001/signers.csv"
        case .observation: "epoch-0001/seal.csv"
        case .deliveryList, .attestation: "epoch-0002/log.csv"
        case .registration, .act: "epoch-0001/log.csv"
        case .head: "epoch-0001/head.csv"
        }
    }

    /// How the line begins after index and time; `nil` is the first line.
    var kind: LeafKind? {
        switch self {
        case .voucher, .delegation, .head: nil
        case .observation: .observation
        case .deliveryList: .delivered
        case .attestation: .attestation
        case .registration: .node
        case .act: .act
        }
    }

    /// How many bytes before the line's end there is one of a signature's.
    var bytesFromEnd: Int {
        // A voucher's items follow its signature: a list of two with length and 93 bytes each.
        self == .voucher ? 4 + 2 * (4 + 93) + 40 : 40
    }
}

/// A copy of an export in which a byte is another, and whose manifest says that it should be.
private struct SpoiltExport {
    let path: String

    init(of out: String) throws {
        path = "/tmp/feesvc-spoilt-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: out, toPath: path)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func flip(_ thing: SignedThing) throws {
        try change(thing.file) { lines in
            let place = try #require(
                lines.indices.dropFirst().first { place in
                    guard let kind = thing.kind else { return true }
                    return lines[place].split(separator: ",").dropFirst(2).first == "\(kind.rawValue)"
                })
            var line = Array(lines[place].utf8)
            let digit = line.count - 2 * thing.bytesFromEnd
            line[digit] = line[digit] == 0x61 ? 0x62 : 0x61
            lines[place] = String(decoding: line, as: UTF8.self)
        }
    }

    /// Changes a signature of the first node in the second epoch's opening.
    func flipOpening() throws {
        let name = path + "/epoch-0002/opening.json"
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: name)), as: UTF8.self)
        var bytes = Array(text.utf8)
        let mark = Array("\"node\" : \"0x".utf8)
        let start = try #require(bytes.firstRange(of: mark)).upperBound
        let end = try #require(bytes[start...].firstIndex(of: 0x22))
        bytes[end - 80] = bytes[end - 80] == 0x61 ? 0x62 : 0x61
        try Data(bytes).write(to: URL(fileURLWithPath: name))
        try rehash("epoch-0002")
    }

    private func change(_ file: String, _ body: (inout [String]) throws -> Void) throws {
        let url = URL(fileURLWithPath: path + "/" + file)
        var lines = String(decoding: try Data(contentsOf: url), as: UTF8.self).split(separator: "\r\n").map(String.init)
        try body(&lines)
        try Data(lines.map { $0 + "\r\n" }.joined().utf8).write(to: url)
        try rehash(String(file.prefix { $0 != "/" }))
    }

    private func rehash(_ epoch: String) throws {
        var hashes: [String: Bytes32] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path + "/" + epoch) where name != "manifest.csv"
        {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(epoch)/\(name)"))
            hashes[name] = SHA256.hash(Array(bytes))
        }
        try Data(EpochExport.manifest(hashes)).write(to: URL(fileURLWithPath: "\(path)/\(epoch)/manifest.csv"))
    }
}
