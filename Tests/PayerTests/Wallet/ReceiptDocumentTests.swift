import Channels
import Payer
import Primitives
import Testing

@Suite struct ReceiptDocumentTests {
    /// A message that was paid, with others before and after it in the log.
    private func paid() async throws -> (PaidItem, Genesis) {
        let payer = ModelPayer()
        let outcomes = try await payer.pay(["a", "b", "c"], with: try payer.open())
        guard case .paid(let paid) = outcomes[1] else { throw Crash() }
        return (paid, payer.service.genesis)
    }

    private func document(
        _ paid: PaidItem, _ genesis: Genesis, channel: Bytes32 = ModelPayer.channelID, item: Item? = nil,
        receipt: Receipt? = nil, salt: Bytes32? = nil
    ) -> ReceiptDocument {
        ReceiptDocument(
            genesis: genesis, channelID: channel, item: item ?? paid.item, receipt: receipt ?? paid.receipt,
            salt: salt ?? paid.salt)
    }

    @Test func `a receipt is checked from its file alone`() async throws {
        let (paid, genesis) = try await paid()
        let read = try ReceiptDocument(json: document(paid, genesis).json)
        let proven = try read.check()
        #expect(proven.receipt == paid.receipt)
        #expect(proven.total == 10)
        #expect(proven.genesis.logID == genesis.logID)
    }

    @Test func `each part that is not its own is found`() async throws {
        let (paid, genesis) = try await paid()
        let receipt = paid.receipt
        func refusal(_ document: ReceiptDocument) -> ReceiptDocumentRefusal? {
            do throws(ReceiptDocumentRefusal) {
                _ = try document.check()
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal(document(paid, ModelService(chain: 2).genesis)) == .receipt(.otherLog))
        #expect(refusal(document(paid, genesis, channel: .zero)) == .channel)
        #expect(refusal(document(paid, genesis, salt: .zero)) == .channel)
        let cheap = Item(
            envelopeHash: paid.item.envelopeHash, bytes: 1, expiryDay: paid.item.expiryDay, postage: .zero, maxFee: 9)
        #expect(refusal(document(paid, genesis, item: cheap)) == .overcharged)
        let other = Item(
            envelopeHash: .zero, bytes: 1, expiryDay: paid.item.expiryDay, postage: .zero, maxFee: 15)
        #expect(refusal(document(paid, genesis, item: other)) == .receipt(.otherEnvelope))
        let moved = Receipt(
            leaf: receipt.leaf, charge: receipt.charge, head: receipt.head, path: receipt.path.reversed())
        #expect(refusal(document(paid, genesis, receipt: moved)) == .receipt(.path))
        let forged = Receipt(
            leaf: receipt.leaf, charge: receipt.charge,
            head: SignedHead(
                head: receipt.head.head,
                signature: SecretKey(seed: 2, label: "log").sign(
                    genesis.domain.digest(of: receipt.head.head.statement))),
            path: receipt.path)
        #expect(refusal(document(paid, genesis, receipt: forged)) == .receipt(.headSignature))
        #expect(throws: ReceiptDocumentRefusal.self) { try ReceiptDocument(json: Array("{}".utf8)) }
    }
}
