import ArgumentParser
import AsyncHTTPClient
import Channels
import Foundation
import Logging
import Payer
import Primitives
import Storage

/// `feesvc demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Replay a month of real chat traffic through a fee service and full nodes, and audit every figure.",
        discussion: """
            Starts PostgreSQL, the fee service and the nodes as processes of their own, replays the trace on its own clock, \
            gives money back on several grounds, seals every epoch, exports and audits it. Exit 0 only if everything was \
            checked: all nodes hold the same events, custody equals all other accounts, the audit agrees for each epoch, and \
            what went back on each ground is what payers were told.
            """)

    @Option(help: "The trace: gzipped CSV with sent_at,sender,stream,topic,bytes.")
    var trace = "Samples/chat-2024-01.csv.gz"
    @Option(help: "How many full nodes.")
    var nodes = 4
    @Option(help: "The length of an epoch in seconds of trace time.")
    var epochLength: UInt64 = 604_800
    @Option(help: "Days of storage that each message buys.")
    var retention: UInt32 = 60
    @Option(help: "Where the reports go.")
    var out = "./demo-out"
    @Option(help: "Where the processes keep their data; default: a folder that is removed at the end.")
    var dataDir: String?
    @Option(help: "Decides keys and the order in which payers try nodes.")
    var seed: UInt64 = 1
    @Flag(help: "Print one JSON object as the last line.")
    var json = false
    @Flag(help: "Keep everything running at the end until Ctrl-C.")
    var stay = false
    @OptionGroup var logging: LogOptions

    func validate() throws {
        guard (1...64).contains(nodes) else { throw ValidationError("--nodes is \(nodes); it must be from 1 to 64.") }
        guard (3_600...UInt64(366 * 86_400)).contains(epochLength) else {
            throw ValidationError("--epoch-length is \(epochLength); it must be from 3600 to 31622400 seconds.")
        }
        guard (2...365).contains(retention) else {
            throw ValidationError("--retention is \(retention); it must be from 2 to 365 days.")
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            let trace = try Trace(path: trace)
            let isTemporary = dataDir == nil
            try prepareOut()
            let directory = try prepareDirectory()
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
            let network = DemoNetwork(
                directory: directory, identities: DemoIdentities(seed: seed), http: http,
                logLevel: logging.logLevel.rawValue)
            var failure: (any Error)?
            do {
                try await Interruption.orEnd { try await replay(trace, network, http) }
            } catch {
                failure = error
            }
            await network.stop()
            try? await http.shutdown()
            if isTemporary {
                if failure == nil || failure is Interruption {
                    try? FileManager.default.removeItem(atPath: directory)
                } else {
                    FileHandle.standardError.write(Data("The processes' logs are in \(directory).\n".utf8))
                }
            }
            if failure is Interruption { throw ExitCode(130) }
            if let failure { throw failure }
        }
    }

    private func prepareDirectory() throws -> String {
        let path = DataDirectory.absolute(dataDir ?? "/tmp/feesvc-demo-\(ProcessInfo.processInfo.processIdentifier)")
        try DataDirectory.prepare(path, kind: "demo")
        guard !FileManager.default.fileExists(atPath: path + "/service") else {
            throw OperatorError("\(path) holds an earlier demo; remove it or choose another --data-dir.")
        }
        // The cluster may run as another user, who has to get through.
        try? FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: path)
        return path
    }

    private func prepareOut() throws {
        let probe = out + "/.feesvc-probe"
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: probe))
            try FileManager.default.removeItem(atPath: probe)
        } catch {
            throw OperatorError(
                "The folder \(out) can't be written: \(Presentation.reason(of: error)); choose another --out.")
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? [] where name.hasPrefix("epoch-") {
            try? FileManager.default.removeItem(atPath: out + "/" + name)
        }
    }

    private func replay(_ trace: Trace, _ network: DemoNetwork, _ http: HTTPClient) async throws {
        let begin = ContinuousClock.now
        let progress = ProgressBar(total: trace.messages.count, unit: "messages")
        progress.say(
            "\(trace.messages.count) messages of \(trace.senderCount) senders in \(trace.topicCount) topics; "
                + "starting PostgreSQL, the fee service and \(nodes) nodes")
        let service = try await network.startService(start: trace.start, epochLength: epochLength)
        try await network.startNodes(nodes, stake: Amount(1_000_000_000_000), on: service)
        if nodes < 4 { progress.say("With fewer than 4 nodes none is killed.") }
        let driver = try DemoDriver(
            trace: trace, identities: network.identities, network: network, service: service, progress: progress,
            nodeCount: nodes, retentionDays: retention)
        try await driver.run()

        progress.say("checking that all nodes hold the same, exporting and auditing")
        let checks = try await DemoChecks.run(
            network: network, service: service, out: out, counts: await driver.counts)
        let seconds = begin.duration(to: .now)
        let report = DemoReport(
            trace: trace, counts: await driver.counts, checks: checks, nodeCount: nodes, out: out,
            seconds: seconds, memory: await network.peakMemory())
        print(report.text)
        if json { print(try report.json()) }
        fflush(nil)
        if stay { try await stayUp(network) }
        guard report.isGood else { throw OperatorError(report.complaint) }
    }

    private func stayUp(_ network: DemoNetwork) async throws {
        print("The fee service answers at \(await network.serviceURL).")
        for node in await network.nodes {
            print("Node \(node.registered.number) answers at http://\(node.registered.registration.httpEndpoint).")
        }
        print("Its database: \(try network.database)\nCtrl-C ends it all.")
        fflush(nil)
        try await Task.sleep(for: .seconds(1_000_000_000))
    }
}
