import ArgumentParser
import Channels
import Foundation
import Ledger
import Logging
import Payer
import Primitives
import Storage

/// Puts channels and charges on record by the service's own code, without HTTP, recoveries and waiting for the disk:
/// everything that is there when a measurement begins.
struct VoucherPreload {
    private static let batch = 4_096

    let directory: String
    let say: (String) -> Void
    /// Further options of the instance, as `feesvc serve` takes them.
    var options: [String] = []
    /// Whether the service's time is moved by `body`.
    var isClockManual = false
    /// Whether the cluster goes on when `body` has ended.
    var keepsCluster = false

    /// Opens the service on its own cluster in this process, hands it to `body` and stops both.
    func withService<Value>(_ body: (FeeService) async throws -> Value) async throws -> Value {
        let home = directory + "/service"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // The cluster may run as another user, who has to get through.
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: directory)
        try DataDirectory.prepare(home, kind: "service")
        let cluster = try PostgresCluster(directory: home)
        try await cluster.start()
        let configuration = PostgresConfiguration(
            connectionString: cluster.connectionString + " options='-c synchronous_commit=off'")
        let pool = PostgresPool(configuration: configuration)
        do {
            let service = try await ServiceStart(
                dataDirectory: home, options: try InstanceOptions.parse(options),
                admission: Admission(challengeWindow: 86_400, settlementHorizon: 86_400),
                terms: ChannelTerms(minimumDeposit: .zero),
                logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
            ).open(pool: pool, configuration: configuration, isClockManual: isClockManual)
            let value = try await body(service)
            await service.close()
            await pool.close()
            if !keepsCluster { await cluster.stop() }
            return value
        } catch {
            await pool.close()
            await cluster.stop()
            throw error
        }
    }

    /// Opens a channel for each key, with a deposit; returns their ids. Many share a transaction, a ledger entry and the
    /// settlement's signature, which nobody recovers: what is measured later finds channels and a ledger as if each had come
    /// by itself.
    func openChannels(_ keys: ArraySlice<SecretKey>, deposit: Amount) async throws -> [Bytes32] {
        try await withService { service in
            var ids: [Bytes32] = []
            for start in stride(from: keys.startIndex, to: keys.endIndex, by: Self.batch) {
                let part = keys[start..<min(start + Self.batch, keys.endIndex)]
                ids += try await service.write { session in
                    try await Self.open(part, deposit: deposit, domain: service.domain, &session)
                }
            }
            return ids
        }
    }

    private static func open(
        _ keys: ArraySlice<SecretKey>, deposit: Amount, domain: EIP712Domain, _ session: inout LogSession
    ) async throws -> [Bytes32] {
        let store = ChannelStore(session.transaction)
        let settlements = SettlementStore(session.transaction)
        let signature = SecretKey(seed: 0, label: "bench/settlement").sign(.zero)
        var entry = EntryDraft(.deposit, reference: "bench:\(session.nextIndex)")
        var ids: [Bytes32] = []
        for key in keys {
            let opening = OpenChannel(
                payer: key.address, signer: key.address, opening: SHA256.hash(key.address.bytes))
            let id = opening.channelID(in: domain)
            var channel = try await store.begin(opening, id: id, at: session.state.time)
            _ = try channel.state.credit(deposit: deposit, minimum: .zero)
            try await store.write(channel, at: session.state.time)
            let salt = session.state.salt(of: session.nextIndex)
            let leaf = session.append(
                LogBody.deposit(
                    commitment: Charge.commitment(to: id, salt: salt), amount: deposit, reference: id))
            try await settlements.record(
                .deposit, reference: id, subject: id.bytes, amount: deposit, signature: signature,
                logIndex: leaf.index)
            try entry.move(deposit, from: .custody, to: .channels)
            ids.append(id)
        }
        try session.post(entry)
        return ids
    }

    /// Records `count` charges, one for each channel in turn. Their vouchers are stored as any other's, but all carry one
    /// signature that is not theirs: nobody recovers it.
    func charge(_ count: Int, _ supply: inout VoucherSupply) async throws {
        let prepared = supply
        supply = try await withService { service in
            var supply = prepared
            var done = 0
            while done < count {
                let vouchers = supply.unsigned(min(Self.batch, count - done))
                for decision in try await service.accept(vouchers) { _ = try decision.get() }
                done += vouchers.count
                if done % 1_000_000 < Self.batch { say("  \(done) of \(count) charges") }
            }
            return supply
        }
    }
}
