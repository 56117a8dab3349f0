import Node
import Payer
import Primitives

/// What an operator denies, where clients read.
extension NodeRoutes {
    /// Refuses to show anything of a topic that is denied.
    func refuseDenied(topic: Bytes32) throws(Refusal) {
        guard node.policy.denied.topics.contains(topic) else { return }
        throw Refusal(403, "policy/denied", "This node's operator does not show \(topic); other nodes may.")
    }

    /// Refuses to show an envelope that is denied.
    func refuseDenied(event: Bytes32) async throws {
        guard node.policy.denied.count > 0, let envelope = await node.envelope(event),
            let signed = await node.event(event)
        else { return }
        guard node.policy.isWithheld(envelope, originator: signed.event.originator) else { return }
        throw Refusal(403, "policy/denied", "This node's operator does not show this message; other nodes may.")
    }
}

extension MessageBody {
    /// A message as a node shows it under its operator's policy: of one that is denied only that it is there, so that cursors and
    /// pages are what they are everywhere.
    init(_ message: StoredMessage, withEnvelope: Bool, _ policy: NodePolicy) {
        let isWithheld = policy.isWithheld(message.envelope, originator: message.event.event.originator)
        self.init(
            message, cursor: message.cursor.text, withEnvelope: withEnvelope && !isWithheld,
            isWithheld: isWithheld ? true : nil)
    }
}

extension NodeStatusBody.Refusals {
    init(_ node: ReplicationNode, _ budgets: NodeClientBudgets) {
        let refused = node.policy.refused
        self.init(
            denied: refused.published, withheld: refused.shown, overBudget: budgets.refused,
            unreadOrders: node.unreadOrders)
    }
}
