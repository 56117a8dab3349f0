import Foundation

/// What `feesvc bench vouchers` measured.
struct VoucherBenchReport {
    /// The peak of an empty database, and what one recovery cost right before it.
    struct Empty {
        let peak: VoucherLoad.Outcome
        let recovery: Double
    }

    var rawRecoveryCpuMicroseconds = 0.0
    /// What one recovery cost right before the peak.
    var recoveryAtPeak = 0.0
    /// An empty database before charges were put on record, and another one at the end; `nil` where none were.
    var before: Empty?
    var after: Empty?
    var peak = VoucherLoad.Outcome()
    var single = VoucherLoad.Outcome()
    var half = VoucherLoad.Outcome()
    /// The pace and the processor time of ``half``, spent on bare recoveries.
    var bare = VoucherLoad.Outcome()
    var baseline = VoucherLoad.Outcome()
    /// By what is wrong with the voucher.
    var refusalCpuMicroseconds: [String: Double] = [:]
    /// Every voucher that was accepted, or recorded before.
    var accepted = 0
    var bytesPerVoucher = 0
    var peakMemoryBytes = 0
    var conserved = false

    private var clientCpu: Double { peak.client / Double(max(1, peak.accepted)) * 1e6 }

    /// How much of the processors' time at the peak went elsewhere.
    private var othersPercent: Double {
        100 * peak.others / max(0.001, peak.seconds * Double(ProcessInfo.processInfo.activeProcessorCount))
    }

    var text: String {
        func line(_ name: String, _ value: Double, _ unit: String) -> String {
            name.padding(toLength: 46, withPad: " ", startingAt: 0) + String(format: "%10.1f ", value) + unit
        }
        var lines = [
            line("accepted, vouchers batched in requests", peak.rate, "/s"),
            line("accepted, one voucher a request", single.rate, "/s"),
            line("group commit off", baseline.rate, "/s"),
            line("  times that", peak.rate / max(1, baseline.rate), "x"),
            line("one recovery, at first", rawRecoveryCpuMicroseconds, "µs"),
            line("one recovery, right before the peak", recoveryAtPeak, "µs"),
            line("service and PostgreSQL, a voucher", peak.microsecondsEach, "µs"),
            line("  of it the service", peak.service / Double(max(1, peak.accepted)) * 1e6, "µs"),
            line("  of it PostgreSQL", peak.postgres / Double(max(1, peak.accepted)) * 1e6, "µs"),
            line("  times one recovery", peak.microsecondsEach / max(0.1, rawRecoveryCpuMicroseconds), "x"),
            line("client, a voucher", clientCpu, "µs"),
            line(
                "  part of what the cores allow",
                100 * peak.rate * (peak.microsecondsEach + clientCpu)
                    / (Double(ProcessInfo.processInfo.activeProcessorCount) * 1e6), "%"),
            line("  part of the cores that others took", othersPercent, "%"),
            line("latency at peak, p50", peak.latency(0.5), "ms"),
            line("latency at peak, p99", peak.latency(0.99), "ms"),
            line("latency at half the peak, p50", half.latency(0.5), "ms"),
            line("latency at half the peak, p99", half.latency(0.99), "ms"),
            line("  of the machine alone at that pace, p50", bare.latency(0.5), "ms"),
            line("  of the machine alone at that pace, p99", bare.latency(0.99), "ms"),
        ]
        for (name, empty) in [("before", before), ("after", after)] {
            guard let empty else { continue }
            lines += [
                line("accepted by an empty database \(name) it", empty.peak.rate, "/s"),
                line("  service and PostgreSQL, a voucher", empty.peak.microsecondsEach, "µs"),
                line("  one recovery then", empty.recovery, "µs"),
                line("  the peak is", 100 * peak.rate / max(1, empty.peak.rate), "% of it"),
            ]
        }
        lines += refusalCpuMicroseconds.sorted { $0.key < $1.key }.map { line("a refusal: \($0.key)", $0.value, "µs") }
        lines += [
            line("database, a voucher", Double(bytesPerVoucher), "bytes"),
            line("service's memory at its peak", Double(peakMemoryBytes) / 1e6, "MB"),
            "conserved, each charged once: " + (conserved ? "yes" : "NO"),
        ]
        return lines.joined(separator: "\n")
    }

    private struct Percentiles: Encodable {
        let p50: Double
        let p99: Double
        let p999: Double?
    }

    private struct Summary: Encodable {
        let acceptedPerSecond: Double
        let acceptedPerSecondBeforePreload: Double?
        let acceptedPerSecondEmptyAfterwards: Double?
        let acceptedPerSecondUnbatched: Double
        let latencyMilliseconds: Percentiles
        let halfPeakLatencyMilliseconds: Percentiles
        let machineLatencyMilliseconds: Percentiles
        let cpuMicrosecondsPerVoucher: Double
        let clientCpuMicrosecondsPerVoucher: Double
        let postgresCpuMicrosecondsPerVoucher: Double
        let rawRecoveryCpuMicroseconds: Double
        let rawRecoveryCpuMicrosecondsBeforePeak: Double
        let baselinePerSecond: Double
        let refusalCpuMicroseconds: [String: Double]
        let othersPercent: Double
        let bytesPerVoucher: Int
        let peakMemoryBytes: Int
        let conserved: Bool
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let summary = Summary(
            acceptedPerSecond: peak.rate, acceptedPerSecondBeforePreload: before?.peak.rate,
            acceptedPerSecondEmptyAfterwards: after?.peak.rate,
            acceptedPerSecondUnbatched: single.rate,
            latencyMilliseconds: Percentiles(
                p50: peak.latency(0.5), p99: peak.latency(0.99), p999: peak.latency(0.999)),
            halfPeakLatencyMilliseconds: Percentiles(p50: half.latency(0.5), p99: half.latency(0.99), p999: nil),
            machineLatencyMilliseconds: Percentiles(p50: bare.latency(0.5), p99: bare.latency(0.99), p999: nil),
            cpuMicrosecondsPerVoucher: peak.microsecondsEach, clientCpuMicrosecondsPerVoucher: clientCpu,
            postgresCpuMicrosecondsPerVoucher: peak.postgres / Double(max(1, peak.accepted)) * 1e6,
            rawRecoveryCpuMicroseconds: rawRecoveryCpuMicroseconds,
            rawRecoveryCpuMicrosecondsBeforePeak: recoveryAtPeak, baselinePerSecond: baseline.rate,
            refusalCpuMicroseconds: refusalCpuMicroseconds, othersPercent: othersPercent,
            bytesPerVoucher: bytesPerVoucher,
            peakMemoryBytes: peakMemoryBytes, conserved: conserved)
        return String(decoding: try encoder.encode(summary), as: UTF8.self)
    }
}
