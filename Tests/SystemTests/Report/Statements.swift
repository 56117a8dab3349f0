import Channels
import Foundation
import Primitives
import Testing

extension FeesvcSystem {
    /// `feesvc report --payer` and `--channel` beside the payer's own statement, and places that can't be written.
    @Suite("statements")
    struct Statements {
        /// A charge as both sides list it.
        private struct Charge: Hashable {
            let words: [String]

            /// The columns that both have, the expiry day left out, which one writes as a number.
            static let columns = [
                "number", "time", "lane", "epoch", "log_index", "envelope_hash", "bytes", "schedule", "base", "storage",
                "congestion", "postage", "total",
            ]
        }

        private struct Figures: Decodable {
            struct Schedule: Decodable {
                let name: String
                let rows: [[String: Cell]]
            }

            struct Cell: Decodable {
                let text: String

                init(from decoder: any Decoder) throws {
                    let container = try decoder.singleValueContainer()
                    if let number = try? container.decode(UInt64.self) {
                        text = String(number)
                    } else {
                        text = (try? container.decode(String.self)) ?? ""
                    }
                }
            }

            let schedules: [Schedule]

            func rows(_ name: String) throws -> [[String: String]] {
                try #require(schedules.first { $0.name == name }).rows.map { $0.mapValues(\.text) }
            }
        }

        private struct Act: Encodable {
            let bytes: String
            let signature: String
        }

        private static let length: UInt64 = 86_400

        /// A service whose first epoch begins now and ends when it is told to.
        private static func start(in workshop: Workshop) async throws -> ServiceProcess {
            let now = UInt64(Date().timeIntervalSince1970)
            return try await ServiceProcess.start(
                in: workshop, ["--manual-clock", "--start", "\(now)", "--epoch-length", "\(length)"])
        }

        /// Ends the first epoch, by an act of the admin.
        private static func end(_ service: ServiceProcess, in workshop: Workshop) async throws {
            let text = try String(contentsOfFile: workshop("data/keys/admin.key"), encoding: .utf8)
            let bytes = try #require(Hex.decode(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            let key = try #require(SecretKey(bytes))
            let act = AdminAct(.clock(service.genesis.start + length + 1), nonce: 1)
            let signature = key.sign(service.domain.digest(of: act.statement))
            let answer = try await service.client.post(
                "/v1/admin/acts", Act(bytes: "0x" + Hex.encode(act.canonicalBytes), signature: signature.hex))
            #expect(answer.status == 200, "\(answer)")
        }

        private static func table(_ path: String) throws -> [[String: String]] {
            let lines = try String(contentsOfFile: path, encoding: .utf8).replacing("\r\n", with: "\n")
                .split(separator: "\n").map {
                    $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                }
            let header = try #require(lines.first)
            return lines.dropFirst().map { Dictionary(zip(header, $0)) { first, _ in first } }
        }

        private static func charges(_ table: [[String: String]]) -> Set<Charge> {
            Set(table.map { row in Charge(words: Charge.columns.map { row[$0] ?? "" }) })
        }

        @Test("what the service says a payer was charged is what the payer's wallet proved", .timeLimit(.minutes(3)))
        func agreement() async throws {
            try await Workshop.with { workshop in
                let service = try await Self.start(in: workshop)
                let wallet = try CommandWallet("wallet", in: workshop)
                let id = try await wallet.open()
                try await wallet.topUp()
                try await wallet.topUp()
                for (number, lane) in [("1", "0"), ("2", "3"), ("3", "0")] {
                    let message = try workshop.write("message", Array("message \(number)".utf8))
                    #expect(try await wallet.run("pay", message, "--days", "30", "--lane", lane).status == 0)
                }
                #expect(try await wallet.run("withdraw", "--amount", "0.01USD").status == 0)
                #expect(try await wallet.run("statement", "--out", workshop("own.csv")).status == 0)
                let status: CommandWallet.Status = try await wallet.json("status")
                try await Self.end(service, in: workshop)

                let outcome = try await workshop.run([
                    "report", "--data-dir", workshop("data"), "--epoch", "1", "--channel", id, "--out", workshop("out"),
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let folder = outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
                let own = Self.charges(try Self.table(workshop("own.csv")))
                #expect(own.count == 3)
                let listed = Self.charges(try Self.table(folder + "/charges.csv"))
                #expect(listed == own)

                let figures = try JSONDecoder().decode(
                    Figures.self, from: try Data(contentsOf: URL(fileURLWithPath: folder + "/report.json")))
                let channel = try #require(try figures.rows("channels").first)
                #expect(channel["channel"] == id)
                let charged = try Amount.sum(
                    ["base", "storage", "congestion", "postage"].map { part in
                        try #require(channel["charged_\(part)"].flatMap { UInt128($0) }.map { Amount($0) })
                    })
                #expect(charged == status.charged)
                #expect(channel["deposited"] == "50000000000")
                #expect(channel["topped_up"] == "50000000000")
                #expect(channel["withdrawn"] == "10000000000")
                #expect(channel["closing"] == status.available.decimal)
                try await service.stop(in: workshop)
            }
        }

        @Test(
            "what can't be reported or written is told in one sentence, and leaves no folder", .timeLimit(.minutes(3)))
        func refusals() async throws {
            try await Workshop.with { workshop in
                let service = try await Self.start(in: workshop)
                let wallet = try CommandWallet("wallet", in: workshop)
                let id = try await wallet.open()
                try await wallet.topUp()
                let message = try workshop.write("message", Array("message".utf8))
                #expect(try await wallet.run("pay", message, "--days", "30").status == 0)
                let report = ["report", "--data-dir", workshop("data"), "--epoch", "1"]
                func refused(
                    _ arguments: [String], _ words: String..., limit: String? = nil,
                    _ place: SourceLocation = #_sourceLocation
                ) async throws {
                    let command = [FeesvcBinary.path] + arguments
                    let outcome = try await workshop.run(
                        words: limit.map { ["sh", "-c", "ulimit -f \($0); exec \"$@\"", "sh"] + command } ?? command)
                    #expect(outcome.status == 1, sourceLocation: place)
                    #expect(outcome.complaints.count == 1, "\(outcome.errors)", sourceLocation: place)
                    for word in words {
                        #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: place)
                    }
                    #expect(!outcome.errors.contains("NSCocoaErrorDomain"), sourceLocation: place)
                }
                let out = workshop("out")
                try await refused(report + ["--out", out], "Epoch 1 is open until")
                try await Self.end(service, in: workshop)
                let stranger = "0x" + String(repeating: "ab", count: 20)
                try await refused(report + ["--payer", stranger, "--out", out], stranger, "ever held money")
                try await refused(report + ["--operator", stranger, "--out", out], stranger, "runs no node")
                try await refused(
                    report + ["--channel", "0x" + String(repeating: "ab", count: 32), "--out", out], "ever held money")
                #expect(!FileManager.default.fileExists(atPath: out))

                // A disk that is full, for whichever format is written first.
                for format in ["json", "csv", "hledger", "ledger", "beancount", "xlsx"] {
                    for subject in [[], ["--channel", id]] {
                        try await refused(
                            report + subject + ["--format", format, "--out", out], out, "can't be written", limit: "1")
                    }
                }
                let left = try FileManager.default.contentsOfDirectory(atPath: out)
                #expect(left == [])

                // What is not a report stays, and so does what can't be a folder.
                try FileManager.default.createDirectory(
                    atPath: out + "/report-epoch-0001", withIntermediateDirectories: true)
                try workshop.write("out/report-epoch-0001/letter.txt", Array("Dear".utf8))
                try await refused(report + ["--out", out], "report-epoch-0001", "letter.txt")
                #expect(try workshop.bytes("out/report-epoch-0001/letter.txt") == Array("Dear".utf8))
                try workshop.write("file", [])
                try await refused(report + ["--out", workshop("file")], workshop("file"))
                try await service.stop(in: workshop)
            }
        }
    }
}
