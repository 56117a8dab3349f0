import Channels
import Primitives

/// A voucher without its items in JSON, with the members that a channel's body has for it.
struct VoucherProofBody: Codable, Hashable, Sendable {
    let cumulativeAmount: Amount
    let validUntil: UInt64
    let itemsHash: Bytes32
    let sequence: UInt64
    let lane: UInt32
    let signature: Signature

    init(_ proof: VoucherProof) {
        cumulativeAmount = proof.voucher.cumulativeAmount
        validUntil = proof.voucher.validUntil
        itemsHash = proof.voucher.itemsHash
        sequence = proof.voucher.sequence
        lane = proof.voucher.lane
        signature = proof.signature
    }

    /// The proof; its signature is checked by whoever uses it.
    func proof(of channel: Bytes32) -> VoucherProof {
        VoucherProof(
            voucher: Voucher(
                channelID: channel, lane: lane, sequence: sequence, cumulativeAmount: cumulativeAmount,
                validUntil: validUntil, itemsHash: itemsHash), signature: signature)
    }
}
