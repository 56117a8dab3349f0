import Channels
import Ledger
import Primitives
import Storage

/// Checks a database's books as a whole, in one snapshot and bounded memory.
struct BooksCheck {
    /// What was followed.
    struct Outcome {
        let check: JournalCheck
        /// The epochs whose edge the log ties to an entry.
        let edges: Int
    }

    /// A guard that should be in the database and is not.
    struct Unguarded: Error, CustomStringConvertible {
        let guards: [String]

        var description: String {
            "The database lacks triggers that guard what is recorded, or they are switched off: "
                + "\(guards.joined(separator: ", ")). Who did that can have changed rows before and after; compare with an "
                + "export."
        }
    }

    private let transaction: Transaction
    private let noted: EntryAnchor?

    /// `noted` is where the journal ended when the service last kept its newest head beside its keys.
    init(_ transaction: Transaction, noted: EntryAnchor?) {
        self.transaction = transaction
        self.noted = noted
    }

    func run() async throws -> Outcome {
        let ledger = LedgerStore(transaction)
        var check = JournalCheck()
        var edges = try await edgesInLog()[...]
        let count = edges.count
        try await ledger.forEachEntry(1..<UInt64(Int64.max)) { entry, hash in
            while let edge = edges.first, edge.anchor.number < entry.number {
                try Self.tie(&edges, check)
            }
            try check.follow(entry, stored: hash)
            if let noted, noted.number == entry.number { try check.checkEnd(noted, by: "the newest head's record") }
        }
        while !edges.isEmpty { try Self.tie(&edges, check) }
        try check.checkEnd(try await ledger.end(), by: "the row of the instance")
        if let noted, noted.number > check.balances.anchor.number {
            try check.checkEnd(noted, by: "the newest head's record")
        }
        try check.check(totals: try await ledger.storedTotals())
        for (account, sum) in try await ledger.subledgers() { try check.check(account, is: sum) }
        try check.checkConservation()
        let missing = try await ledger.missingGuards()
        guard missing.isEmpty else { throw Unguarded(guards: missing) }
        return Outcome(check: check, edges: count)
    }

    /// Where the journal stood at each edge, as the log's leaves say.
    private func edgesInLog() async throws -> [(epoch: UInt64, anchor: EntryAnchor)] {
        try await LogStore(transaction).leaves(of: .books, before: UInt64(Int64.max)).map { leaf in
            let books = try LogBody.readBooks(leaf.body)
            return (books.epoch, EntryAnchor(number: books.entry, hash: books.hash))
        }
    }

    private static func tie(
        _ edges: inout ArraySlice<(epoch: UInt64, anchor: EntryAnchor)>, _ check: JournalCheck
    ) throws {
        guard let edge = edges.popFirst() else { return }
        try check.checkEnd(edge.anchor, by: "the log at the edge of epoch \(edge.epoch)")
    }
}
