import Channels
import Primitives
import Rewards

extension EpochReplay {
    /// Replays a node's list of the charges that it holds.
    mutating func delivered(_ body: [UInt8], _ place: LeafPlace) throws {
        let (bytes, signature) = try LogBody.readSigned(body)
        let list = try Delivered(canonicalBytes: bytes)
        let digest = genesis.domain.digest(of: list.statement)
        guard let node = nodes.first(where: { $0.node.number == list.node })?.node,
            signature.isBy(node.registration.nodeKey, over: digest)
        else { throw AuditDifference(place, "signature", expected: "node \(list.node)'s", found: "another") }
        reports[list.epoch, default: []].append(list)
    }

    /// Replays a registration.
    mutating func node(_ leaf: LogLeaf, _ place: LeafPlace) throws {
        let node = try RegisteredNode(canonicalBytes: leaf.body)
        try AuditDifference.check(place, "node number", expected: UInt32(nodes.count + 1), found: node.number)
        guard node.isSigned(in: genesis.domain) else {
            throw AuditDifference(place, "signatures", expected: "operator's and node key's", found: "others")
        }
        nodes.append(
            ReplayedNode(node: node, registeredAt: leaf.time, cumulative: .zero, slashed: .zero))
    }

    /// Replays an operator's signature on a result.
    mutating func attestation(_ leaf: LogLeaf, _ place: LeafPlace) throws {
        let (number, address, signature) = try LogBody.readAttestation(leaf.body)
        // After two epochs the operators of the open epoch's snapshot may attest as well.
        let start = genesis.epochs.beginning(of: AttestationQuorum.isLate(number, in: epoch) ? epoch : number)
        guard nodes.contains(where: { $0.registeredAt <= start && $0.node.registration.operatorAddress == address })
        else { throw AuditDifference(place, "attester", expected: "an operator of epoch \(number)", found: address) }
        if let result = resultsLogged[number] {
            guard signature.isBy(address, over: genesis.domain.digest(of: result.attestation)) else {
                throw AuditDifference(place, "signature", expected: "\(address)'s", found: "another")
            }
        } else {
            attestationsUnchecked.append((leaf.index, number, address, signature))
        }
        attestations[number, default: []].insert(address)
    }
}
