import Channels
import Primitives
import Testing

@testable import feesvc

struct ReceiptDeskTests {
    /// Who lists charges reads the database, which a commit reaches before its head is shown.
    @Test func `a charge that no shown head covers is refused and ends nothing`() async throws {
        try await ServiceFixture.run { fixture in
            let key = SecretKey(seed: 1, label: "payer")
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            let envelope = fixture.envelope("a", topic: Topic(owner: key.address, salt: .zero))
            let voucher = fixture.voucher(
                [fixture.item(envelope)], channel: channel, key: key, sequence: 1, ceiling: 40_000_000)
            let index = try await fixture.pay(voucher)[0].leaf.index
            let size = fixture.service.heads.head.head.size
            #expect(index == size - 1)
            for beyond in [size, size + 1, .max] {
                await #expect {
                    try await fixture.service.receiptDesk.receipts(for: [index, beyond])
                } throws: {
                    ($0 as? Refusal)?.status == 503
                }
            }
            #expect(try await fixture.service.receiptDesk.receipts(for: [index]).receipts.count == 1)
        }
    }
}
