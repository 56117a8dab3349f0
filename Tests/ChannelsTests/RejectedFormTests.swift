import Channels
import Primitives
import Testing

@Suite struct RejectedFormTests {
    @Test(arguments: [
        ("envelope", 5), ("leaf", 6), ("genesis", 5), ("head", 4), ("acknowledgement", 4), ("act", 21),
        ("delivered", 8), ("welcome", 4), ("node", 1), ("rollback", 24), ("restored", 13),
    ])
    func `what the page does not allow is refused`(_ tag: String, count: Int) throws {
        let read = try #require(ChannelForms.read[tag])
        let rejected = try Vector.file(.protocol)["formsRejected"].list
            .filter { try $0["tag"].text.hasPrefix("feesvc/\(tag)/") }
        #expect(rejected.count == count)
        for form in rejected {
            let bytes = try form["bytes"].bytes
            let isRead = (try? read(bytes)) != nil
            #expect(!isRead, "\(form.title)")
        }
    }

    private static func error(_ tag: String, _ bytes: [UInt8]) -> CanonicalError? {
        do {
            _ = try ChannelForms.read[tag]?(bytes)
            return nil
        } catch {
            return error as? CanonicalError
        }
    }

    private static func good(_ tag: String) throws -> [UInt8] {
        let forms = try Vector.file(.protocol)["forms"].list
        let form = try #require(forms.first { (try? $0["tag"].text)?.hasPrefix("feesvc/\(tag)/") == true })
        return try form["bytes"].bytes
    }

    /// The bytes of a form with other bytes from an offset that is counted from the end.
    private static func changed(_ tag: String, fromEnd offset: Int, to new: [UInt8]) throws -> [UInt8] {
        var bytes = try good(tag)
        let start = bytes.count - offset
        bytes.replaceSubrange(start..<start + new.count, with: new)
        return bytes
    }

    @Test func `an unknown kind, ground or outcome is out of range`() throws {
        var leaf = try Self.good("leaf")
        let kind = 4 + "feesvc/leaf/1".utf8.count + 16
        for value: UInt8 in [0, 31, 255] {
            leaf[kind + 1] = value
            #expect(Self.error("leaf", leaf) == .outOfRange(field: "kind"), "\(value)")
        }
        for value: UInt8 in [0, 9, 255] {
            let bytes = try Self.changed("void", fromEnd: 81, to: [value])
            #expect(Self.error("void", bytes) == .outOfRange(field: "ground"), "\(value)")
        }
        for value: UInt8 in [2, 255] {
            let bytes = try Self.changed("postage", fromEnd: 49, to: [value])
            #expect(Self.error("postage", bytes) == .outOfRange(field: "outcome"), "\(value)")
        }
    }

    @Test func `a genesis without epoch length or with a settlement finer than the ledger is out of range`() throws {
        let zero = try Self.changed("genesis", fromEnd: 12, to: [UInt8](repeating: 0, count: 8))
        #expect(Self.error("genesis", zero) == .outOfRange(field: "epochSeconds"))
        for (ledger, settlement, isGood) in [(12, 12, true), (12, 13, false), (30, 0, true), (31, 0, false)] {
            let bytes = try Self.changed("genesis", fromEnd: 22, to: [UInt8(ledger), UInt8(settlement)])
            let expected = isGood ? nil : CanonicalError.outOfRange(field: "settlementScale")
            #expect(Self.error("genesis", bytes) == expected, "\(ledger) \(settlement)")
        }
    }

    @Test
    func `a rollback is later than the lost head, and its last charge below neither its charges nor above 2^63 - 1`()
        throws
    {
        let lost = try Rollback(canonicalBytes: Self.good("rollback")).lost
        func error(time: UInt64, charges: UInt64, lastCharge: UInt64) -> CanonicalError? {
            let rollback = Rollback(lost: lost, time: time, charges: charges, lastCharge: lastCharge)
            return Self.error("rollback", rollback.canonicalBytes)
        }
        let (time, most) = (lost.head.time, UInt64(Int64.max))
        for (moment, isGood) in [(0, false), (time - 1, false), (time, false), (time + 1, true), (.max, true)] {
            let expected = isGood ? nil : CanonicalError.outOfRange(field: "time")
            #expect(error(time: moment, charges: 0, lastCharge: 0) == expected, "\(moment)")
        }
        for (charges, lastCharge, isGood) in [
            (0, 0, true), (9, 8, false), (9, 9, true), (9, 10, true), (0, most, true), (most, most, true),
            (most, most - 1, false), (0, most + 1, false), (most + 1, most + 1, false), (.max, 0, false),
            (0, .max, false),
        ] as [(UInt64, UInt64, Bool)] {
            let expected = isGood ? nil : CanonicalError.outOfRange(field: "lastCharge")
            #expect(
                error(time: time + 1, charges: charges, lastCharge: lastCharge) == expected, "\(charges) \(lastCharge)")
        }
    }

    @Test func `a payload of 1 MiB is the largest`() throws {
        for (count, isGood) in [(1_048_575, true), (1_048_576, true), (1_048_577, false)] {
            let bytes = try Self.changed(
                "envelope", fromEnd: 36, to: [0, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)])
            #expect(Self.error("envelope", bytes) == (isGood ? nil : .outOfRange(field: "payloadBytes")), "\(count)")
        }
    }

    @Test func `runs that touch, overlap, descend, are empty or reach the end of numbers are out of range`() {
        func error(_ runs: [(UInt64, UInt64)]) -> CanonicalError? {
            var encoder = CanonicalEncoder(tag: "feesvc/delivered/1")
            encoder.append(1 as UInt64)
            encoder.append(2 as UInt32)
            encoder.append(list: runs) { encoder, run in
                encoder.append(run.0)
                encoder.append(run.1)
            }
            return Self.error("delivered", encoder.bytes)
        }
        let refused: [[(UInt64, UInt64)]] = [
            [(1, 2), (3, 1)], [(1, 5), (3, 1)], [(9, 1), (3, 1)], [(1, 0)], [(1, 1), (3, 0)], [(0, 1)],
            [(4, 1), (4, 1)],
            [(.max, 1)], [(2, .max)], [(1, .max - 1)],
        ]
        for runs in refused { #expect(error(runs) == .outOfRange(field: "runs"), "\(runs)") }
        for runs: [(UInt64, UInt64)] in [[], [(1, 1)], [(1, 2), (4, 1)], [(1, .max - 2)], [(.max - 2, 1)]] {
            #expect(error(runs) == nil, "\(runs)")
        }
    }

    @Test func `a million and one runs are too many before any is read`() {
        var encoder = CanonicalEncoder(tag: "feesvc/delivered/1")
        encoder.append(1 as UInt64)
        encoder.append(2 as UInt32)
        encoder.append(1_000_001 as UInt32)
        #expect(Self.error("delivered", encoder.bytes) == .tooLong(limit: 1_000_000, found: 1_000_001))
    }
}
