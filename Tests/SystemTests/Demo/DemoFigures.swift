import Foundation
import Testing

extension FeesvcSystem.ShortTraceRun {
    /// The demo's figures against those that follow from the trace by the rules.
    @Suite("its figures")
    struct DemoFigures {
        private let demo: SharedDemo
        private let expected = ExpectedFigures(ShortTrace.messages, start: ShortTrace.start, day: ShortTrace.day).epochs

        init() throws {
            demo = try SharedDemo.get()
        }

        @Test("it exits 0, and every message is accepted, converged and conserved", .timeLimit(.minutes(10)))
        func everythingIsAccountedFor() throws {
            let summary = demo.summary
            #expect(demo.outcome.status == 0, "\(demo.outcome.errors)")
            #expect(demo.outcome.output.hasSuffix("}\n"), "the JSON object is the last line of standard output")
            #expect(summary.messages == ShortTrace.messages.count)
            #expect(summary.accepted == ShortTrace.messages.count)
            #expect(summary.rejected == 0)
            #expect(summary.payers == ShortTrace.senderCount)
            #expect(summary.topics == ShortTrace.topicCount)
            #expect(summary.nodes == 4)
            #expect(summary.converged)
            #expect(summary.conserved)
            #expect(summary.seconds > 0)
        }

        @Test("seven postages of twelve are welcomed, each in the epoch of its answer", .timeLimit(.minutes(10)))
        func postagesAreWelcomed() {
            #expect(demo.summary.welcomed == ShortTrace.welcomedCount)
            #expect(demo.summary.epochs.map(\.welcomed) == expected.map(\.welcomed.refunds))
            #expect(expected.reduce(0) { $0 + $1.welcomed.refunds } == UInt64(ShortTrace.welcomedCount))
        }

        @Test(
            "every epoch to the last postage window's end is sealed, with a root of 32 bytes", .timeLimit(.minutes(10)))
        func epochsAreSealed() {
            #expect(demo.summary.epochs.map(\.epoch) == (1...UInt64(expected.count)).map { $0 })
            for epoch in demo.summary.epochs {
                #expect(epoch.root.wholeMatch(of: /0x[0-9a-f]{64}/) != nil, "\(epoch.root)")
            }
            #expect(Set(demo.summary.epochs.map(\.root)).count == expected.count)
        }

        @Test("charges, captures, refunds and balances agree to the unit", .timeLimit(.minutes(10)))
        func amountsAgree() {
            for (found, expected) in zip(demo.summary.epochs, expected) {
                #expect(found.charged.value == expected.charged, "charged in epoch \(found.epoch)")
                #expect(found.captured.value == expected.captured, "captured in epoch \(found.epoch)")
                #expect(found.refunded.value == expected.refunded, "refunded in epoch \(found.epoch)")
                #expect(found.held.value == expected.held, "held at the edge of epoch \(found.epoch)")
                #expect(
                    found.postageHeld.value == expected.postageHeld, "postage held at the edge of epoch \(found.epoch)")
            }
        }

        @Test("refunds on four grounds are told by ground and part, in each epoch and in all", .timeLimit(.minutes(10)))
        func refundsAgree() {
            let names = ["welcomed", "deleted-early", "charged-twice", "declared-outage"]
            for (found, expected) in zip(demo.summary.epochs, expected) {
                var due: [String: ExpectedRefunds] = [:]
                for (name, var refunds) in zip(names, expected.refunds) where refunds.refunds > 0 {
                    refunds.fromPool = 0
                    due[name] = refunds
                }
                #expect(Self.byGround(found.refunds) == due, "epoch \(found.epoch)")
                #expect(found.refunds.reduce(0) { $0 + $1.paid.value } == expected.refunded, "epoch \(found.epoch)")
                #expect(found.refundedByPool.value == expected.repaid, "epoch \(found.epoch)")
            }
            #expect(demo.summary.refunds.map(\.ground) == names)
            for (place, name) in names.enumerated() {
                let found = demo.summary.refunds[place]
                #expect(found.refunds == expected.reduce(0) { $0 + $1.refunds[place].refunds }, "\(name)")
                #expect(found.amount.value == expected.reduce(0) { $0 + $1.refunds[place].amount }, "\(name)")
                #expect(found.paid == found.amount && found.amount.value > 0, "\(name)")
                #expect(demo.outcome.output.contains(name), "the table for people names \(name)")
            }
            #expect(demo.outcome.output.contains("Refunds are what payers were told: yes."))
        }

        /// What is found in the form that is expected; what of it a pool paid is compared apart.
        private static func byGround(_ found: [DemoSummary.Refunds]) -> [String: ExpectedRefunds] {
            var grounds: [String: ExpectedRefunds] = [:]
            for one in found {
                #expect(one.congestion.value == 0)
                #expect(one.base.value + one.storage.value + one.postage.value == one.amount.value)
                grounds[one.ground] = ExpectedRefunds(
                    refunds: one.refunds, base: one.base.value, storage: one.storage.value, postage: one.postage.value)
            }
            return grounds
        }

        @Test("held and pool follow from the epoch before", .timeLimit(.minutes(10)))
        func identitiesHold() {
            var held: UInt64 = 0
            var dust: UInt64 = 0
            for epoch in demo.summary.epochs {
                let returned = epoch.refunded.value - epoch.refundedByPool.value
                #expect(held + epoch.charged.value == epoch.held.value + epoch.captured.value + returned)
                #expect(epoch.pool.value == epoch.captured.value + dust - epoch.refundedByPool.value)
                #expect(epoch.pool.value == epoch.rewards.value + epoch.dust.value)
                #expect(epoch.rewards.value == epoch.nodes.reduce(0) { $0 + $1.reward.value })
                held = epoch.held.value
                dust = epoch.dust.value
            }
        }

        @Test("the exported summaries tell base, storage and postage apart, to the unit", .timeLimit(.minutes(10)))
        func partsAgree() throws {
            for (place, expected) in expected.enumerated() {
                let path = demo.out + "/epoch-000\(place + 1)/summary.csv"
                let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\r\n")
                let figures = Dictionary(
                    uniqueKeysWithValues: lines.map { line in
                        let fields = line.split(separator: ",", maxSplits: 1).map(String.init)
                        return (fields[0], fields[1])
                    })
                #expect(figures["captured base"] == "\(expected.capturedBase)", "epoch \(place + 1)")
                #expect(figures["captured storage"] == "\(expected.capturedStorage)", "epoch \(place + 1)")
                #expect(figures["captured postage"] == "\(expected.capturedPostage)", "epoch \(place + 1)")
                #expect(figures["postages welcomed"] == "\(expected.welcomed.refunds)", "epoch \(place + 1)")
            }
        }

        @Test("it leaves no process and no temporary file", .timeLimit(.minutes(10)))
        func nothingIsLeft() {
            #expect(demo.workshop.processes == [])
            #expect(demo.workshop.temporaryFiles == [])
        }
    }
}
