import Ledger
import Primitives
import ReportSamples
import Testing

@testable import Reports

/// What stands in the journals, byte by byte. Hashes are computed from docs/protocol.md by other code.
@Suite struct JournalTextTests {
    private static let hashes = [
        "0xf551b32bc349ddbfaf331c2468d80832c80592bb1e6a42ec2846386f76c30cd0",
        "0xac563f9265c70aee29526df70fc3ffc229ea0c6ed809c97b0032c41ad7aabf46",
    ]
    private static let comments = """
        ; Epoch 1
        ; log 0x4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a, epoch 1, Unix time 1709164799 to \
        1709164859, UTC
        ; entries 1 (\(hashes[0])) to 2 (\(hashes[1]))
        ; debits are positive; texts are escaped as in JSON; 12 decimals, all significant


        """

    @Test func `hledger gets directives, entries and assertions`() throws {
        let text = try SmallReport().text { PlainTextJournal(.hledger, to: $0) }
        #expect(
            text == Self.comments + """
                decimal-mark .
                commodity 1.000000000000 USD

                account liabilities:channels
                account assets:custody

                2024-02-28 * (1) deposit
                    ; entry: 1, time: 1709164799, epoch: 1, kind: deposit, reference: deposit:1, hash: \(Self.hashes[0])
                    liabilities:channels  -0.000000000005 USD
                    assets:custody  0.000000000005 USD

                account liabilities:pool:1

                2024-02-29 * (2) cut
                    ; entry: 2, time: 1709164800, epoch: 1, kind: cut, reference: cut:1, hash: \(Self.hashes[1])
                    liabilities:channels  0.000000000005 USD
                    liabilities:pool:1  -0.000000000005 USD

                2024-02-29 * closing
                    ; closing: balances
                    liabilities:channels  0.000000000000 USD = 0.000000000000 USD
                    assets:custody  0.000000000000 USD = 0.000000000005 USD
                    liabilities:pool:1  0.000000000000 USD = -0.000000000005 USD

                """)
    }

    @Test func `ledger gets declared tags and assertions at the file's end`() throws {
        let text = try SmallReport().text { PlainTextJournal(.ledger, to: $0) }
        #expect(
            text.contains("\ncommodity USD\n    format 1.000000000000 USD\n\ntag opening\ntag closing\ntag entry\n"))
        #expect(
            text.contains(
                """
                2024-02-28 * (1) deposit
                    ; entry: 1
                    ; time: 1709164799
                    ; epoch: 1
                    ; kind: deposit
                    ; reference: deposit:1
                    ; hash: \(Self.hashes[0])
                    liabilities:channels  -0.000000000005 USD
                    assets:custody  0.000000000005 USD

                """))
        #expect(text.hasSuffix("    liabilities:pool:1  0.000000000000 USD = -0.000000000005 USD\n"))
    }

    @Test func `beancount gets balances without tolerance on the day after`() throws {
        let text = try SmallReport().text { PlainTextJournal(.beancount, to: $0) }
        #expect(
            text == Self.comments + """
                option "title" "Epoch 1"
                option "operating_currency" "USD"

                2024-02-28 commodity USD
                  decimals: 12

                2024-02-28 open Liabilities:Channels USD
                2024-02-28 open Assets:Custody USD

                2024-02-28 * "deposit"
                  entry: "1"
                  time: "1709164799"
                  epoch: "1"
                  kind: "deposit"
                  reference: "deposit:1"
                  hash: "\(Self.hashes[0])"
                    Liabilities:Channels  -0.000000000005 USD
                    Assets:Custody  0.000000000005 USD

                2024-02-29 open Liabilities:Pool:1 USD

                2024-02-29 * "cut"
                  entry: "2"
                  time: "1709164800"
                  epoch: "1"
                  kind: "cut"
                  reference: "cut:1"
                  hash: "\(Self.hashes[1])"
                    Liabilities:Channels  0.000000000005 USD
                    Liabilities:Pool:1  -0.000000000005 USD

                2024-03-01 balance Liabilities:Channels  0.000000000000 ~ 0 USD
                2024-03-01 balance Assets:Custody  0.000000000005 ~ 0 USD
                2024-03-01 balance Liabilities:Pool:1  -0.000000000005 ~ 0 USD

                """)
    }

    @Test func `a journal begins with the balances that are not zero`() throws {
        var small = try SmallReport()
        small.opening = [.custody: 7, .dust: 7, .appShares: 0]
        small.closing = [.custody: 12, .dust: 7, .pool(1): 5]
        for tool in PlainTextJournal.Tool.allCases {
            let text = try small.text { PlainTextJournal(tool, to: $0) }
            let opening = try #require(text.firstRange(of: "opening\"\n") ?? text.firstRange(of: "* opening\n"))
            let lines = text[opening.upperBound...].split(separator: "\n").prefix(3).map { $0.drop { $0 == " " } }
            #expect(lines[0].contains("opening"))
            #expect(lines[1].lowercased() == "assets:custody  0.000000000007 usd")
            #expect(lines[2].lowercased() == "liabilities:dust  -0.000000000007 usd")
        }
    }

    @Test func `each account has a name of its own in each tool`() throws {
        let address = try #require(Address(hex: "0x5805e87091636d20695f5fe91d5cf7fc0086026b"))
        let accounts: [LedgerAccount: String] = [
            .custody: "Assets:Custody", .channels: "Liabilities:Channels", .held(.base): "Liabilities:Held:Base",
            .held(.storage): "Liabilities:Held:Storage", .held(.postage): "Liabilities:Held:Postage",
            .pool(7): "Liabilities:Pool:7", .rewards(address): "Liabilities:Rewards:\(address.hex)",
            .stake(address): "Liabilities:Stake:\(address.hex)",
            .unbonding(address): "Liabilities:Unbonding:\(address.hex)", .protocolIncome: "Income:Protocol",
            .appShares: "Liabilities:App-Shares", .dust: "Liabilities:Dust",
            .payable(address): "Liabilities:Payable:\(address.hex)",
        ]
        for (account, name) in accounts {
            #expect(BeancountDialect().name(of: ReportAccount(account)) == name)
            #expect(HledgerDialect().name(of: ReportAccount(account)) == name.lowercased())
            #expect(LedgerDialect().name(of: ReportAccount(account)) == name.lowercased())
        }
    }

    @Test func `beancount is refused what it can't add up, the others are not`() throws {
        let limit = Amount(10_000_000_000_000_000_000_000_000_000)
        for (amount, isRefused) in [(Amount(limit.units - 1), false), (limit, true), (.max, true)] {
            let small = try SmallReport(amount)
            if isRefused {
                #expect(throws: ReportError.beancountDigits(entry: 1)) {
                    try small.text { PlainTextJournal(.beancount, to: $0) }
                }
            } else {
                _ = try small.text { PlainTextJournal(.beancount, to: $0) }
            }
            for tool in [PlainTextJournal.Tool.hledger, .ledger] {
                _ = try small.text { PlainTextJournal(tool, to: $0) }
            }
        }
    }

    @Test(arguments: AwkwardText.all) func `no text makes a line of its own`(_ text: String) throws {
        for tool in PlainTextJournal.Tool.allCases {
            let plain = try SmallReport().text { PlainTextJournal(tool, to: $0) }
            var small = try SmallReport(reference: text)
            small.title = text
            let journal = try small.text { PlainTextJournal(tool, to: $0) }
            #expect(journal.utf8.count { $0 == 0x0a } == plain.utf8.count { $0 == 0x0a })
            #expect(journal.utf8.allSatisfy { $0 == 0x0a || (0x20...0x7e).contains($0) })
        }
    }
}
