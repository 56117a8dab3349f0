import Ledger
import Primitives
import Testing

@Suite struct LedgerAccountTests {
    private static let id = "0x" + String(repeating: "ab", count: 32)
    private static let owner = "0x" + String(repeating: "cd", count: 20)

    @Test func `every account has one name, and the name gives it back`() throws {
        let owner = try #require(Address(hex: Self.owner))
        let named: [(LedgerAccount, String)] = [
            (.custody, "custody"), (.channels, "channels"), (.held(.base), "held:base"),
            (.held(.storage), "held:storage"), (.held(.postage), "held:postage"), (.pool(0), "pool:0"),
            (.pool(7), "pool:7"), (.pool(.max), "pool:18446744073709551615"),
            (.rewards(owner), "rewards:" + Self.owner),
            (.stake(owner), "stake:" + Self.owner), (.unbonding(owner), "unbonding:" + Self.owner),
            (.protocolIncome, "protocol"), (.appShares, "app-shares"), (.dust, "dust"),
            (.payable(owner), "payable:" + Self.owner),
        ]
        for (account, name) in named {
            #expect(account.name == name)
            #expect(LedgerAccount(name: name) == account, "\(name)")
        }
        #expect(Set(named.map(\.0.name)).count == named.count)
    }

    @Test func `any other text is no account`() {
        let refused = [
            "", ":", "custody:", "custody:x", " custody", "custody ", "Custody", "custodies", "dust:", "protocol:1",
            "app-shares:", "app_shares", "held", "held:", "held:Base", "held:congestion", "held:base:", "pool", "pool:",
            "pool:01", "pool:+1", "pool:-1", "pool: 1", "pool:1 ", "pool:1:2", "pool:18446744073709551616", "pool:x",
            "channel", "channels:", "channels:\(id)", "Channels", "channel:\(id)", "rewards:\(id.dropFirst(2))",
            "rewards", "channels ", "rewards:", "rewards:\(id)",
            "rewards:\(owner.uppercased())", "stake:\(owner.dropLast())", "unbonding:\(owner)0", "payable:0x",
            "channel/1/available",
        ]
        for name in refused { #expect(LedgerAccount(name: name) == nil, "\(name)") }
    }

    private var id: String { Self.id }
    private var owner: String { Self.owner }

    @Test func `custody alone is an asset`() {
        #expect(LedgerAccount.custody.isAsset)
        let others: [LedgerAccount] = [
            .channels, .held(.base), .pool(1), .rewards(.zero), .stake(.zero), .unbonding(.zero), .protocolIncome,
            .appShares, .dust, .payable(.zero),
        ]
        for account in others { #expect(!account.isAsset, "\(account)") }
    }
}
