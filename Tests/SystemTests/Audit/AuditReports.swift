import Foundation
import Testing

extension FeesvcSystem.ShortTraceRun {
    /// `feesvc audit` of what the demo exported, as it is and spoilt.
    @Suite("its reports under audit")
    struct AuditReports {
        private let demo: SharedDemo

        init() throws {
            demo = try SharedDemo.get()
        }

        @Test("they agree, each epoch and all together", .timeLimit(.minutes(10)))
        func reportsAgree() async throws {
            let all = try await demo.workshop.run(["audit", demo.out])
            #expect(all.status == 0, "\(all.errors)")
            #expect(all.errors == "")
            #expect(all.output.split(separator: "\n").count == demo.summary.epochs.count)
            for epoch in demo.summary.epochs {
                #expect(all.output.contains("root \(epoch.root): agrees"))
                let one = try await demo.workshop.run(["audit", demo.out + "/epoch-000\(epoch.epoch)"])
                #expect(one.status == 0, "\(one.errors)")
            }
        }

        @Test(
            "one changed digit is found, and its file is named", .timeLimit(.minutes(10)),
            arguments: ReportFigure.allCases)
        func changedDigitIsFound(_ figure: ReportFigure) async throws {
            let copy = try ReportCopy(of: demo.out, in: demo.workshop)
            // Epoch 2 begins with something held, captures base and storage and gives postage back.
            let place = try #require(figure.place(in: try copy.text(figure.file, epoch: 2)))
            try copy.changeDigit(at: place, of: figure.file, epoch: 2)
            let outcome = try await demo.workshop.run(["audit", copy.path])
            #expect(outcome.status == 1)
            #expect(outcome.complaints.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains(figure.file), "\(outcome.errors.prefix(300))")
        }

        @Test(
            "no digit of what an audit starts from can be changed unseen", .timeLimit(.minutes(10)),
            arguments: ["opening.json", "held.csv", "log.csv", "seal.csv", "head.csv"])
        func noDigitIsFree(_ file: String) async throws {
            let copy = try ReportCopy(of: demo.out, in: demo.workshop)
            let bytes = Array(try copy.text(file, epoch: 2).utf8)
            let header = bytes.firstIndex(of: 0x0a) ?? 0
            let digits = bytes.indices.filter { $0 > header && (0x30...0x39).contains(bytes[$0]) }
            var unseen: [String] = []
            for place in stride(from: 3, to: digits.count, by: max(1, digits.count / 24)).map({ digits[$0] }) {
                let copy = try ReportCopy(of: demo.out, in: demo.workshop)
                try copy.changeDigit(at: place, of: file, epoch: 2)
                let outcome = try await demo.workshop.run(["audit", copy.path])
                if outcome.status != 1 {
                    unseen.append(
                        "byte \(place), after \(String(decoding: bytes[max(0, place - 30)..<place], as: UTF8.self))")
                }
            }
            #expect(unseen == [])
        }

        @Test("a changed file whose hash was left alone is named by the manifest's check", .timeLimit(.minutes(10)))
        func manifestIsChecked() async throws {
            let copy = try ReportCopy(of: demo.out, in: demo.workshop)
            let content = try copy.text("journal.json", epoch: 3) + " "
            try Data(content.utf8).write(to: URL(fileURLWithPath: copy.file("journal.json", epoch: 3)))
            let outcome = try await demo.workshop.run(["audit", copy.path])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("journal.json"))
        }

        @Test("a folder without manifest is named", .timeLimit(.minutes(10)))
        func missingManifest() async throws {
            let copy = try ReportCopy(of: demo.out, in: demo.workshop)
            try FileManager.default.removeItem(atPath: copy.file("manifest.csv", epoch: 2))
            let outcome = try await demo.workshop.run(["audit", copy.path])
            #expect(outcome.status == 1)
            #expect(outcome.complaints.count == 1)
            #expect(outcome.errors.contains(copy.path + "/epoch-0002"))
        }

        @Test("an epoch that is missing between others is noticed", .timeLimit(.minutes(10)))
        func missingEpoch() async throws {
            let copy = try ReportCopy(of: demo.out, in: demo.workshop)
            try FileManager.default.removeItem(atPath: copy.path + "/epoch-0002")
            let outcome = try await demo.workshop.run(["audit", copy.path])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("epoch-0003"), "\(outcome.errors)")
        }

        @Test(
            "a folder that holds no epoch is named", .timeLimit(.minutes(10)), arguments: ["empty", "no-such-folder"])
        func noEpochs(_ name: String) async throws {
            let path = demo.workshop(name)
            if name == "empty" {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            let outcome = try await demo.workshop.run(["audit", path])
            #expect(outcome.status == 1)
            #expect(outcome.complaints.count == 1)
            #expect(outcome.errors.contains(path))
        }
    }
}
