import Channels
import Ledger
import Primitives
import Rewards
import Storage

/// Explains a share from the service's database.
enum ExplainSource {
    /// What an operator's share of an epoch is made of. Of an epoch that is not sealed it is a preview.
    static func explain(
        _ operatorAddress: Address, epoch number: UInt64, _ transaction: Transaction
    ) async throws -> ExplanationBody {
        guard let state = try await LogStore(transaction).state() else {
            throw StorageCorruption("this database holds no instance")
        }
        guard let epoch = try await EpochStore(transaction).epoch(number) else {
            throw Refusal(404, "epoch/unknown", "Epoch \(number) has not begun.")
        }
        let source = try await EpochSource(epoch, transaction, state)
        guard let member = source.inputs.snapshot.first(where: { $0.operatorAddress == operatorAddress }),
            let node = source.nodes.first(where: { $0.node.number == member.node }),
            let found = try RewardExplanation(
                member.node, in: source.inputs, newcomers: source.newcomers, refused: source.refused)
        else { throw unknown(operatorAddress, number) }
        if let result = epoch.result {
            guard try EpochResult.compute(source.inputs) == result else {
                throw StorageCorruption("the result of epoch \(number) does not follow from what is recorded")
            }
        }
        return ExplanationBody(
            found, isPreview: epoch.result == nil, claimed: node.claimed,
            outstanding: try node.cumulative.subtracting(node.claimed))
    }

    /// The same from an exported epoch, once it was audited. What was claimed is as at the epoch's edge.
    static func explain(_ operatorAddress: Address, in audited: DirectoryAudit) throws -> ExplanationBody {
        let inputs = audited.audit.inputs
        guard let member = inputs.snapshot.first(where: { $0.operatorAddress == operatorAddress }),
            let found = try RewardExplanation(member.node, in: inputs, newcomers: audited.audit.newcomers)
        else { throw unknown(operatorAddress, audited.epoch) }
        let totals = audited.closing[.rewards(operatorAddress)] ?? AccountTotals()
        return ExplanationBody(
            found, isPreview: false, claimed: totals.debits,
            outstanding: try totals.balance(of: .rewards(operatorAddress)))
    }

    private static func unknown(_ address: Address, _ epoch: UInt64) -> Refusal {
        Refusal(
            404, "explanation/unknown-operator",
            "\(address.checksummed) has no node in the snapshot of epoch \(epoch): it came after the epoch began, or was "
                + "silent in the two epochs before.")
    }
}
