import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Testing

@testable import feesvc

/// What an audit says to an epoch that somebody made up, with numbers at the ends of their ranges. It ends with a
/// difference and never traps.
@Suite struct MadeUpEpochTests {
    private static let start: UInt64 = 1_767_225_600

    private static func genesis(start: UInt64 = start) -> Genesis {
        Genesis(
            chainID: .zero, verifyingContract: .zero, logKey: .zero, settlementKey: .zero, adminKey: .zero,
            currency: "USD", ledgerScale: 12, settlementScale: 6, start: start, epochSeconds: 604_800, ruleset: 1)
    }

    private static func schedule(postageWindow: UInt64 = 259_200) -> FeeSchedule {
        FeeSchedule(
            version: 1, effectiveFrom: 0, base: 1, storagePerByteDay: 0, congestionUnit: 0, targetPerMinute: 1,
            postage: 5, postageWindow: postageWindow, retentionDaysMin: 1, retentionDaysMax: 400, bytesMax: 1_024)
    }

    private static func opening(
        epoch: UInt64 = 1, start: UInt64 = start, size: UInt64 = 0, lastMidnight: UInt32 = 20_454,
        chargeCount: UInt64 = 0, schedule: FeeSchedule = schedule()
    ) -> EpochOpening {
        EpochOpening(
            epoch: epoch, genesis: HexBytes(genesis(start: start).canonicalBytes), rotations: [], size: size,
            frontier: [Bytes32](repeating: .zero, count: size.nonzeroBitCount), lastMidnight: lastMidnight,
            chargeCount: chargeCount, minuteCounts: [0, 0, 0, 0, 0], isPaused: false, dustIn: .zero,
            schedules: [HexBytes(schedule.canonicalBytes)], nodes: [],
            storage: [])
    }

    private static func charge(number: UInt64) -> Charge {
        Charge(
            number: number, epoch: 1, commitment: .zero, envelopeHash: .zero, bytes: 1,
            expiryDay: UTCDay(number: 20_455), schedule: 1,
            price: Price(base: 1, storage: 0, congestion: 0, postage: 5),
            publishBy: start + 3_600)
    }

    /// What differs once a leaf was replayed, `nil` where nothing does.
    private static func difference(
        _ opening: EpochOpening, _ kind: LeafKind, _ body: [UInt8], at time: UInt64 = start
    ) throws -> AuditDifference? {
        var replay = try EpochReplay(opening)
        do {
            try replay.apply(LogLeaf(index: opening.size, time: time, kind: kind, body: body))
            return nil
        } catch let difference as AuditDifference {
            return difference
        }
    }

    @Test func `a log ends below 2^64 - 1 leaves`() throws {
        #expect(try Self.difference(Self.opening(size: .max - 1), .deposit, []) == nil)
        #expect(try Self.difference(Self.opening(size: .max), .deposit, [])?.what == "index")
    }

    @Test func `charges are counted up to 2^64 - 1 and no further`() throws {
        let last = Self.charge(number: .max).canonicalBytes
        #expect(try Self.difference(Self.opening(chargeCount: .max - 1), .charge, last) == nil)
        #expect(try Self.difference(Self.opening(chargeCount: .max), .charge, last)?.what == "charges before it")
    }

    @Test func `a midnight comes after the one before, and none after the last day that there is`() throws {
        let last = UTCDay(number: .max)
        let body = Midnight(day: last, captured: .zero).canonicalBytes
        let opening = Self.opening(lastMidnight: .max - 1)
        #expect(try Self.difference(opening, .midnight, body, at: last.start) == nil)
        for before: UInt32 in [.max - 2, .max] {
            let opening = Self.opening(lastMidnight: before)
            #expect(try Self.difference(opening, .midnight, body, at: last.start)?.what == "day", "\(before)")
        }
    }

    @Test func `a postage window beyond all time never ends`() throws {
        var replay = try EpochReplay(Self.opening(schedule: Self.schedule(postageWindow: .max)))
        let charge = Self.charge(number: 1).canonicalBytes
        try replay.apply(LogLeaf(index: 0, time: Self.start, kind: .charge, body: charge))
        #expect(replay.held[1]?.postageDue == .max)
    }

    @Test func `an epoch of any number and start has an edge`() throws {
        for (epoch, start): (UInt64, UInt64) in [(.max, Self.start), (2, .max), (0, .max)] {
            let edge = LogBody.edge(epoch: epoch, time: .max)
            let opening = Self.opening(epoch: epoch, start: start)
            #expect(
                try Self.difference(opening, .edge, edge.body, at: .max)?.what == "leaf before the edge", "\(epoch)")
            var replay = try EpochReplay(opening)
            let books = LogBody.books(epoch: epoch, entry: 0, hash: .zero)
            try replay.apply(LogLeaf(index: 0, time: .max, kind: .books, body: books.body))
            try replay.apply(LogLeaf(index: 1, time: .max, kind: .edge, body: edge.body))
            #expect(replay.isClosed)
        }
        let signature = SecretKey(seed: 1, label: "operator").sign(.zero)
        let attestation = LogBody.attestation(epoch: 0, operatorAddress: .zero, signature: signature)
        #expect(try Self.difference(Self.opening(), .attestation, attestation.body)?.what == "attester")
    }

    @Test func `a journal's first entry is 1 or later`() throws {
        let balances = try TrialBalanceFile(
            Array((TrialBalance.columns.joined(separator: ",") + "\r\n").utf8))
        let postings = [
            Posting(account: .custody, debit: 1, credit: 0), Posting(account: .dust, debit: 0, credit: 1),
        ]
        func closing(_ number: UInt64) throws -> [LedgerAccount: AccountTotals] {
            try balances.closing(after: [
                LedgerEntry(
                    number: number, previous: .zero, time: 1, epoch: 1, kind: .deposit, reference: "r",
                    postings: postings)
            ])
        }
        for number: UInt64 in [1, 2, .max] { #expect(try closing(number)[.dust] == AccountTotals(credits: 1)) }
        #expect {
            try closing(0)
        } throws: {
            ($0 as? AuditDifference)?.what == "number of the first entry"
        }
    }

    @Test func `a leaf has one line: numbers without sign and leading zero, lower-case hex`() throws {
        func read(_ line: String) throws -> [LogLeaf] {
            try InputFiles.leaves(Array("index,time,kind,body\r\n\(line)\r\n".utf8), file: "log.csv")
        }
        #expect(try read("7,8,1,0xff") == [LogLeaf(index: 7, time: 8, kind: .genesis, body: [255])])
        for line in [
            "+7,8,1,0xff", "07,8,1,0xff", "7,+8,1,0xff", "7,08,1,0xff", "7,8,+1,0xff", "7,8,01,0xff", "7,8,1,0xFF",
        ] {
            #expect(throws: AuditDifference.self, "\(line)") { try read(line) }
        }
    }
}
