import Ledger
import Primitives
import Rewards
import Testing

@testable import Reports

@Suite struct JSONReportTests {
    @Test func `the document holds scope, schedules, journal and checks`() throws {
        var small = try SmallReport(reference: "a\"b")
        small.title = "é\n"
        let table = ReportTable(
            name: "pool", columns: ["pool", "in", "out", "none"],
            rows: [
                [.text("=1"), .amount(.max), .amount(.max), .empty], [.integer(2), .amount(0), .amount(0), .empty],
            ])
        small.schedules = [
            try Schedule(
                "Pool", table, totals: ["in"], rowChecks: [Schedule.RowCheck("in = out", ["in"], equal: ["out"])])
        ]
        small.checks = [
            ReportCheck(
                "in = out", [.column(schedule: "pool", column: "in")],
                equal: [.cell(schedule: "pool", column: "out", row: 0), .cell(schedule: "pool", column: "out", row: 1)])
        ]
        let (first, second) = (small.entries[0], small.entries[1])
        let text = try small.text { JSONReport(to: $0) }
        let huge = "340282366920938463463374607431768211455"
        #expect(
            text == """
                {"form":"feesvc/report/1",
                "scope":{"title":"é\\u000a","logId":"0x4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",\
                "epoch":1,"from":1709164799,"to":1709164859,"first":{"number":1,"hash":"\(first.hash.hex)"},\
                "last":{"number":2,"hash":"\(second.hash.hex)"},"currency":"USD","scale":12},
                "opening":[],
                "schedules":[
                {"name":"pool","title":"Pool","columns":["pool","in","out","none"],\
                "rowChecks":[{"name":"in = out","added":["in"],"subtracted":["out"]}],"rows":[
                {"pool":"=1","in":"\(huge)","out":"\(huge)","none":null},
                {"pool":2,"in":"0","out":"0","none":null}]},
                {"name":"balances","title":"Balances",\
                "columns":["account","opening_debit","opening_credit","closing_debit","closing_credit"],"rowChecks":[],"rows":[
                {"account":"custody","opening_debit":"0","opening_credit":"0","closing_debit":"5","closing_credit":"0"},
                {"account":"pool:1","opening_debit":"0","opening_credit":"0","closing_debit":"0","closing_credit":"5"}]}],
                "journal":[
                {"number":1,"time":1709164799,"epoch":1,"kind":"deposit","reference":"a\\"b",\
                "previous":"\(Bytes32.zero.hex)","hash":"\(first.hash.hex)","postings":[
                 {"account":"channels","debit":"0","credit":"5"},
                 {"account":"custody","debit":"5","credit":"0"}]},
                {"number":2,"time":1709164800,"epoch":1,"kind":"cut","reference":"cut:1",\
                "previous":"\(first.hash.hex)","hash":"\(second.hash.hex)","postings":[
                 {"account":"channels","debit":"5","credit":"0"},
                 {"account":"pool:1","debit":"0","credit":"5"}]}],
                "closing":[
                {"account":"channels","balance":"0"},
                {"account":"custody","balance":"5"},
                {"account":"pool:1","balance":"5"}],
                "totals":{"entries":2,"postings":4,"debits":"10","credits":"10"},
                "checks":[
                {"name":"journal: debits = credits","terms":[{"source":"journal.debit","sign":1,"value":"10"},\
                {"source":"journal.credit","sign":-1,"value":"10"}],"difference":"0"},
                {"name":"balances: opening debits = credits",\
                "terms":[{"source":"balances.opening_debit","sign":1,"value":"0"},\
                {"source":"balances.opening_credit","sign":-1,"value":"0"}],"difference":"0"},
                {"name":"balances: closing debits = credits",\
                "terms":[{"source":"balances.closing_debit","sign":1,"value":"5"},\
                {"source":"balances.closing_credit","sign":-1,"value":"5"}],"difference":"0"},
                {"name":"in = out","terms":[{"source":"pool.in","sign":1,"value":"\(huge)"},\
                {"source":"pool.out[0]","sign":-1,"value":"\(huge)"},{"source":"pool.out[1]","sign":-1,"value":"0"}],\
                "difference":"0"}]}

                """)
    }

    @Test func `sums above 2^128 are exact`() throws {
        let text = try SmallReport(.max).text { JSONReport(to: $0) }
        #expect(text.contains("\"debits\":\"680564733841876926926749214863536422910\""))
    }

    @Test func `a report of a range names no epoch, and one without entries no entries`() throws {
        let report = try Report(
            scope: ReportScope(
                title: "", logID: .zero, period: .range, from: 0, to: 0, entries: nil, currency: "", scale: 0),
            opening: [:], closing: [:], schedules: [], checks: [])
        let sink = CollectingSink()
        var run = try ReportRun(report, writers: [JSONReport(to: sink)])
        try run.finish()
        #expect(sink.text.contains("\"from\":0,\"to\":0,\"currency\":\"\",\"scale\":0}"))
        #expect(!sink.text.contains("epoch"))
        #expect(sink.text.contains("\"journal\":[],\n\"closing\":[],"))
    }
}
