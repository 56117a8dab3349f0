import AsyncHTTPClient
import Foundation
import Ledger
import Payer
import Primitives
import Storage

/// One run of `feesvc bench vouchers`.
struct VoucherMeasurement {
    let options: VoucherBench
    let directory: String
    let http: HTTPClient

    func run() async throws -> VoucherBenchReport {
        var report = VoucherBenchReport()
        let keys = (0..<options.channels).map { SecretKey(seed: 1, label: "bench/\($0)") }
        let preload = VoucherPreload(directory: directory, say: say)
        // What is compared with a full database is an empty one with as many channels as the connections need.
        let few = options.preload == 0 ? keys.count : min(keys.count, options.connections * options.batch)
        say("opening \(few) channels")
        let ids = try await preload.openChannels(keys[..<few], deposit: Self.deposit)
        var supply: VoucherSupply
        var before = VoucherLoad.Outcome()
        var service = try await BenchService.start(directory, http: http, isGrouping: true)
        do {
            report.rawRecoveryCpuMicroseconds = RawRecovery.microseconds(domain: service.connection.domain)
            supply = try VoucherSupply(
                keys: Array(keys[..<few]), channels: ids, service: service.connection, now: ServiceClock.system.now)
            if options.preload > 0 { before = try await peak(service, &supply, total: &report.accepted) }
            if options.preload > 0 {
                report.before = VoucherBenchReport.Empty(peak: before, recovery: report.rawRecoveryCpuMicroseconds)
            }
        } catch {
            await service.process.stop()
            throw error
        }
        if options.preload > 0 {
            await stop(service)
            say("opening \(keys.count - few) more channels")
            supply.add(keys[few...], channels: try await preload.openChannels(keys[few...], deposit: Self.deposit))
            say("recording \(options.preload) charges")
            try await preload.charge(options.preload, &supply)
            report.accepted += options.preload
            service = try await BenchService.start(directory, http: http, isGrouping: true)
        }
        do {
            report.recoveryAtPeak = RawRecovery.microseconds(domain: service.connection.domain)
            try await measure(&service, &supply, &report)
        } catch {
            await service.process.stop()
            throw error
        }
        await service.process.stop()
        if options.preload > 0 { report.after = try await empty(Array(keys[..<few])) }
        return report
    }

    /// The peak of an empty database of its own, once more: a machine's speed may have changed since the first time.
    private func empty(_ keys: [SecretKey]) async throws -> VoucherBenchReport.Empty {
        let beside = VoucherMeasurement(options: options, directory: directory + "-empty", http: http)
        defer { try? FileManager.default.removeItem(atPath: beside.directory) }
        say("an empty database again")
        let ids = try await VoucherPreload(directory: beside.directory, say: say).openChannels(
            keys[...], deposit: Self.deposit)
        let service = try await BenchService.start(beside.directory, http: http, isGrouping: true)
        do {
            let recovery = RawRecovery.microseconds(domain: service.connection.domain)
            var supply = try VoucherSupply(
                keys: keys, channels: ids, service: service.connection, now: ServiceClock.system.now)
            var accepted = 0
            let peak = try await beside.peak(service, &supply, total: &accepted)
            await service.process.stop()
            return VoucherBenchReport.Empty(peak: peak, recovery: recovery)
        } catch {
            await service.process.stop()
            throw error
        }
    }

    private static let deposit = Amount(1_000_000_000_000_000_000)

    private func stop(_ service: BenchService) async {
        await service.process.stop()
        try? FileManager.default.removeItem(atPath: directory + "/service.address")
    }

    /// How often what hangs on how fast the machine is at the moment is measured: the middle one counts.
    private static let runs = 3

    /// Warms up, then measures the peak.
    private func peak(
        _ service: BenchService, _ supply: inout VoucherSupply, total: inout Int
    ) async throws -> VoucherLoad.Outcome {
        say("warming up")
        let probe = try await load(
            service, &supply, seconds: min(2, options.seconds), batch: options.batch, rate: 4_000)
        total += probe.accepted
        say("\(options.batch) vouchers a request, \(options.connections) connections")
        var peaks: [VoucherLoad.Outcome] = []
        for _ in 0..<Self.runs {
            let peak = try await load(
                service, &supply, seconds: options.seconds, batch: options.batch, rate: max(probe.rate, 4_000) * 2)
            total += peak.accepted
            peaks.append(peak)
        }
        return peaks.sorted { $0.rate < $1.rate }[Self.runs / 2]
    }

    private func measure(
        _ service: inout BenchService, _ supply: inout VoucherSupply, _ report: inout VoucherBenchReport
    ) async throws {
        let empty = try await service.databaseBytes()
        let recorded = report.accepted
        let peak = try await peak(service, &supply, total: &report.accepted)
        report.peak = peak
        say("one voucher a request")
        let single = try await load(service, &supply, seconds: options.seconds / 2, batch: 1, rate: peak.rate)
        report.accepted += single.accepted
        report.single = single
        let pace = peak.rate / 2 / Double(options.batch)
        let bare = BareLoad(
            connections: options.connections, pace: pace,
            recoveries: Int(peak.microsecondsEach * Double(options.batch) / max(1, report.recoveryAtPeak)))
        var halves: [VoucherLoad.Outcome] = []
        var bares: [VoucherLoad.Outcome] = []
        for _ in 0..<Self.runs {
            say("the machine alone at half the peak rate")
            bares.append(try await bare.run(seconds: options.seconds, domain: service.connection.domain))
            say("half the peak rate")
            let half = try await load(
                service, &supply, seconds: options.seconds, batch: options.batch, rate: peak.rate / 2, pace: pace)
            report.accepted += half.accepted
            halves.append(half)
        }
        report.bare = Self.middle(bares)
        report.half = Self.middle(halves)
        try await refuse(service, supply, &report)
        report.bytesPerVoucher = (try await service.databaseBytes() - empty) / max(1, report.accepted - recorded)
        report.peakMemoryBytes = service.process.peakMemory

        say("group commit off, 16 connections")
        await stop(service)
        service = try await BenchService.start(directory, http: http, isGrouping: false)
        let baseline = try await load(
            service, &supply, seconds: options.seconds / 2, batch: options.batch, rate: peak.rate, connections: 16)
        report.accepted += baseline.accepted
        report.baseline = baseline
        report.conserved = try await isConserved(service, accepted: report.accepted)
    }

    /// The run in the middle by its slowest requests.
    private static func middle(_ runs: [VoucherLoad.Outcome]) -> VoucherLoad.Outcome {
        runs.sorted { $0.latency(0.99) < $1.latency(0.99) }[runs.count / 2]
    }

    /// What a refused voucher costs the service beyond an empty request.
    private func refuse(
        _ service: BenchService, _ supply: VoucherSupply, _ report: inout VoucherBenchReport
    ) async throws {
        let seconds = max(1, options.seconds / 4)
        let requests = 4_000
        func microseconds(_ bytes: [UInt8]) async throws -> Double {
            let load = VoucherLoad(service: service, connections: options.connections)
            let outcome = try await load.run(
                [[UInt8]](repeating: bytes, count: requests), seconds: seconds, isAnswered: !bytes.isEmpty)
            guard outcome.accepted == 0 else { throw OperatorError("A voucher was accepted that should be refused.") }
            return outcome.service / Double(max(1, outcome.latencies.count)) * 1e6
        }
        say("refusals")
        let empty = try await microseconds([])
        for kind in RefusalKind.allCases {
            let cost = try await microseconds(supply.refused(kind, batch: options.batch))
            report.refusalCpuMicroseconds[kind.rawValue] = (cost - empty) / Double(options.batch)
        }
    }

    private func load(
        _ service: BenchService, _ supply: inout VoucherSupply, seconds: Double, batch: Int, rate: Double,
        connections: Int? = nil, pace: Double? = nil
    ) async throws -> VoucherLoad.Outcome {
        let connections = connections ?? options.connections
        let requests = await supply.requests(
            max(1, Int(rate * seconds) / batch), batch: batch, connections: connections)
        let outcome = try await VoucherLoad(service: service, connections: connections, pace: pace)
            .run(requests, seconds: seconds)
        guard outcome.refused == 0 else {
            throw OperatorError("\(outcome.refused) vouchers were refused that should have been accepted.")
        }
        return outcome
    }

    /// Whether custody equals all other accounts, and the log holds each accepted voucher's charge once.
    private func isConserved(_ service: BenchService, accepted: Int) async throws -> Bool {
        let pool = try service.database()
        let (totals, charges) = try await pool.withTransaction(isolation: .readOnly) { transaction in
            (
                try await ReportStore(transaction).totals(before: UInt64(Int64.max)),
                try await LogStore(transaction).state()?.chargeCount
            )
        }
        await pool.close()
        let sums = try Balances(totals: totals).conservation()
        return sums.custody == sums.liabilities && charges == UInt64(accepted)
    }

    private func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

extension BenchService {
    /// A connection to the cluster's database.
    func database() throws -> PostgresPool {
        PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: try PostgresCluster(directory: directory + "/service").connectionString,
                maximumConnections: 1))
    }
}
