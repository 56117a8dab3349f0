import Channels
import Primitives
import Testing

@Suite struct ScheduleChangeTests {
    /// A refusal as the vectors write it: code, field, and the range's ends.
    private static func words(_ refusal: ScheduleRefusal?) -> [String] {
        switch refusal {
        case nil: []
        case .version(_, let last): ["schedule/version", "version", "\(UInt64(last) + 1)", "\(UInt64(last) + 1)"]
        case .effectiveFrom(_, let allowed):
            ["schedule/effective-from", "effectiveFrom", "\(allowed.lowerBound)", "\(allowed.upperBound)"]
        case .bounds(let field, _, let range), .looksLikeTime(let field, _, let range), .step(let field, _, let range):
            [refusal?.code ?? "", field.rawValue, "\(range.lowerBound)", "\(range.upperBound)"]
        }
    }

    private static func refusal(
        _ rule: ScheduleChange, _ proposed: FeeSchedule, after last: FeeSchedule, now: UInt64
    ) -> ScheduleRefusal? {
        do throws(ScheduleRefusal) {
            try rule.check(proposed, after: last, now: now)
            return nil
        } catch {
            return error
        }
    }

    private static func refusal(_ bounds: ScheduleBounds, _ schedule: FeeSchedule) -> ScheduleRefusal? {
        do throws(ScheduleRefusal) {
            try bounds.check(schedule)
            return nil
        } catch {
            return error
        }
    }

    @Test func `ceilings and starts follow the ledger's decimals`() throws {
        let limits = try Vector.file(.schedule)["limits"].list
        #expect(limits.count == 31)
        for vector in limits {
            let bounds = ScheduleBounds(ledgerScale: try vector["scale"].u8)
            for (name, rate) in [
                ("base", bounds.base), ("storagePerByteDay", bounds.storagePerByteDay),
                ("congestionUnit", bounds.congestionUnit), ("postage", bounds.postage),
            ] {
                let about: Comment = "\(name) at scale \(try vector["scale"].u8)"
                #expect(rate.ceiling == (try vector[name]["most"].amount), about)
                #expect(rate.start == (try vector[name]["start"].amount), about)
            }
        }
    }

    @Test func `each value below, at and above each limit is accepted or refused as the page says`() throws {
        let changes = try Vector.file(.schedule)["changes"].list
        var (accepted, refused) = (0, 0)
        for change in changes {
            let rule = ScheduleChange(
                ledgerScale: try change["scale"].u8, epochSeconds: try change["epochSeconds"].u64)
            let last = try ChannelForms.schedule(change["last"])
            for variant in try change["variants"].list {
                let values = try variant["set"].members
                let proposed = try ChannelForms.schedule(
                    .object(try change["proposed"].members.merging(values) { $1 }))
                let found = Self.refusal(rule, proposed, after: last, now: try change["now"].u64)
                let about: Comment = "\(change.title): \(values)"
                #expect(Self.words(found) == (try variant.members["refused"]?.list.map { try $0.text } ?? []), about)
                let alone = Self.refusal(rule.bounds, proposed)
                #expect(Self.words(alone) == (try variant.members["alone"]?.list.map { try $0.text } ?? []), about)
                if found == nil { accepted += 1 } else { refused += 1 }
            }
        }
        #expect(accepted == 1_719)
        #expect(refused == 3_501)
    }

    @Test func `a start time in the place of the storage rate is refused, whatever the ledger's decimals`() {
        let time: UInt64 = 1_754_412_880
        for scale in UInt8(0)...30 {
            let schedule = FeeSchedule(
                version: 1, effectiveFrom: time, base: 0, storagePerByteDay: Amount(UInt128(time)), congestionUnit: 0,
                targetPerMinute: 0, postage: 0, postageWindow: 3_600, retentionDaysMin: 1, retentionDaysMax: 1,
                bytesMax: 1)
            let code = Self.refusal(ScheduleBounds(ledgerScale: scale), schedule)?.code
            #expect(code == (scale < 18 ? "schedule/bounds" : "schedule/looks-like-time"), "\(scale)")
        }
    }

    @Test func `a refusal names the field, what was found and what is allowed`() {
        let table: [(ScheduleRefusal, String, String)] = [
            (.version(found: 4, last: 2), "schedule/version", "version is 4; it must be 3, one above the last."),
            (
                .version(found: 0, last: .max), "schedule/version",
                "version is 0; version 4294967295 is the last that there can be."
            ),
            (
                .effectiveFrom(found: 5, allowed: 7...9), "schedule/effective-from",
                "effectiveFrom is 5; it must be from 7 to 9, Unix seconds."
            ),
            (
                .bounds(.storagePerByteDay, found: 1_754_412_880, allowed: 0...10_000), "schedule/bounds",
                "storagePerByteDay is 1754412880; it must be from 0 to 10000."
            ),
            (
                .looksLikeTime(.base, found: 1_754_412_880, times: 1_722_876_880...1_785_948_880),
                "schedule/looks-like-time",
                "base is 1754412880, which looks like a time; it must be outside 1722876880 to 1785948880."
            ),
            (
                .step(.postage, found: 9, allowed: 2...9), "schedule/step",
                "postage is 9; this change may set it from 2 to 9."
            ),
            (
                .step(.targetPerMinute, found: 22, allowed: 3_000...12_001), "schedule/step",
                "targetPerMinute is 22; this change may set it from 3000 to 12001, or to 0 for no congestion fee."
            ),
        ]
        for (refusal, code, detail) in table {
            #expect(refusal.code == code)
            #expect(refusal.detail == detail)
        }
    }

    @Test func `times near the largest do not overflow`() {
        let rule = ScheduleChange(ledgerScale: 12, epochSeconds: .max)
        for last: UInt64 in [0, .max - 1, .max] {
            let schedule = TestChannel.schedule(effectiveFrom: last)
            #expect(rule.moments(after: schedule, now: .max) == .max ... .max)
            #expect(Self.refusal(rule.bounds, schedule) == nil)
        }
    }
}
