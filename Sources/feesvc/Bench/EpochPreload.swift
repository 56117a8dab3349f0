import Channels
import Foundation
import Primitives
import Rewards
import Storage

/// Puts an epoch on record by the service's own code, its time moved by hand: payers, nodes, charges with real signatures,
/// and what nodes sign at its end. Only that the vouchers' signatures are not recovered again is left out.
struct EpochPreload {
    /// 2024-01-01.
    static let start: UInt64 = 1_704_067_200
    private static let length: UInt64 = 604_800
    /// Vouchers that share a transaction and a ledger entry, as a busy service's do.
    private static let batch = 256
    /// Vouchers that are signed ahead.
    private static let ahead = 32 * batch

    let directory: String
    let say: @Sendable (String) -> Void

    /// Opens the service for a step.
    var service: VoucherPreload {
        VoucherPreload(
            directory: directory, say: say,
            options: ["--start", "\(Self.start)", "--epoch-length", "\(Self.length)"], isClockManual: true,
            keepsCluster: true)
    }

    /// Moves time and does what falls due.
    func advance(_ service: FeeService, to time: UInt64) async throws {
        service.clock.move(to: time)
        try await service.doWhatIsDue()
    }

    /// Registers nodes and channels, and charges, over the seven days of the epoch.
    func fill(charges: Int, payers: Int, nodes: Int) async throws {
        let keys = (0..<payers).map { SecretKey(seed: 5, label: "payer/\($0)") }
        try await service.withService { service in
            say("registering \(nodes) nodes")
            try await register(nodes, service)
        }
        say("opening \(payers) channels")
        let schedule = try await service.withService { try await $0.state.schedule }
        let deposit = try EpochVouchers.deposit(for: charges, payers: payers, schedule, start: Self.start)
        let channels = try await service.openChannels(keys[...], deposit: deposit)
        try await service.withService { service in
            let vouchers = try EpochVouchers(
                keys: keys, channels: channels, domain: service.domain, schedule: schedule, start: Self.start)
            say("recording \(charges) charges")
            try await charge(charges, vouchers, service)
        }
    }

    private func charge(_ count: Int, _ vouchers: EpochVouchers, _ service: FeeService) async throws {
        var first = 0
        var signed = await vouchers.signed(0..<min(Self.ahead, count))
        while first < count {
            let end = first + signed.count
            async let following = vouchers.signed(end..<min(end + Self.ahead, count))
            for place in stride(from: 0, to: signed.count, by: Self.batch) {
                // The last second of the epoch takes no charge: its edge comes by itself.
                service.clock.move(
                    to: Self.start + 1 + UInt64(first + place) * (Self.length - 2) / UInt64(count))
                let batch = Array(signed[place..<min(place + Self.batch, signed.count)])
                for decision in try await service.accept(batch) { _ = try decision.get() }
            }
            if end / 1_000_000 > first / 1_000_000 { say("  \(end) of \(count) charges") }
            first = end
            signed = await following
        }
    }

    // MARK: Nodes

    private static func operatorKey(_ number: Int) -> SecretKey { SecretKey(seed: 5, label: "operator/\(number)") }
    private static func nodeKey(_ number: Int) -> SecretKey { SecretKey(seed: 5, label: "node/\(number)") }

    private func register(_ count: Int, _ service: FeeService) async throws {
        let settlement = try KeyFile.readPlain(directory + "/service/keys/settlement.key")
        let stake: Amount = 1_000_000_000_000
        for number in 1...count {
            let key = Self.operatorKey(number)
            let deposit = StakeDeposit(
                operatorAddress: key.address, amount: stake, reference: SHA256.hash(key.address.bytes))
            try await service.credit(deposit, signature: settlement.sign(service.domain.digest(of: deposit)))
            let registration = RegisterNode(
                operatorAddress: key.address, nodeKey: Self.nodeKey(number).address, payout: key.address, stake: stake,
                peerEndpoint: "127.0.0.1:1", httpEndpoint: "127.0.0.1:2")
            let digest = service.domain.digest(of: registration)
            _ = try await service.register(
                registration, operatorSignature: key.sign(digest), nodeSignature: Self.nodeKey(number).sign(digest))
        }
    }

    /// Has every node say that it holds all charges of epoch 1, and what it observed of the nodes after it.
    func state(_ service: FeeService, nodes: Int, observed: Int, charges: Int) async throws {
        let all = ChargeRuns(ascending: 1...UInt64(charges))
        for number in 1...nodes {
            let key = Self.nodeKey(number)
            let delivered = Delivered(epoch: 1, node: UInt32(number), charges: all)
            try await service.take(
                delivered: delivered.canonicalBytes,
                signature: key.sign(service.domain.digest(of: delivered.statement)))
            let subjects = (0..<observed).map { place in
                Observation.Subject(
                    node: UInt32((number + place) % nodes + 1), probes: 7, answered: 7, challenges: 56, passed: 56,
                    firstDelivered: 0, bytesServed: 0)
            }
            let observation = Observation(epoch: 1, observer: UInt32(number), subjects: subjects)
            try await service.take(
                observation: observation.canonicalBytes,
                signature: key.sign(service.domain.digest(of: observation.statement)))
        }
    }
}
