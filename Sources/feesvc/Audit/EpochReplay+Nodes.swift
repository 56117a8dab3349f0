import Channels
import Primitives
import Rewards

extension EpochReplay {
    /// Which nodes had to hold what in an epoch.
    mutating func shardMap(of epoch: UInt64) -> ShardMap {
        if let known = shardMaps[epoch] { return known }
        let map = ShardMap(genesis, nodes: nodes.filter { $0.isMember(of: epoch, genesis.epochs) }.map(\.node))
        shardMaps[epoch] = map
        return map
    }

    /// Replays a node's list of the charges that it holds.
    mutating func delivered(_ body: [UInt8], _ place: LeafPlace) throws {
        let (bytes, signature) = try LogBody.readSigned(body)
        let list = try Delivered(canonicalBytes: bytes)
        let digest = genesis.domain.digest(of: list.statement)
        guard let node = nodes.first(where: { $0.node.number == list.node })?.node,
            signature.isBy(node.registration.nodeKey, over: digest)
        else { throw AuditDifference(place, "signature", expected: "node \(list.node)'s", found: "another") }
        reports[list.epoch, default: []].append(list)
        heard.insert(list.node)
    }

    /// Replays a node's observation of an epoch before, which that epoch's audit weighs.
    mutating func observation(_ body: [UInt8], _ place: LeafPlace) throws {
        let (bytes, signature) = try LogBody.readSigned(body)
        let observation = try Observation(canonicalBytes: bytes)
        let digest = genesis.domain.digest(of: observation.statement)
        guard let node = nodes.first(where: { $0.node.number == observation.observer })?.node,
            signature.isBy(node.registration.nodeKey, over: digest)
        else { throw AuditDifference(place, "signature", expected: "node \(observation.observer)'s", found: "another") }
        heard.insert(observation.observer)
    }

    /// Replays whom the next snapshot leaves out; it is compared when the edge comes.
    mutating func silence(_ silence: Silence, _ place: LeafPlace) throws {
        guard leftOut == nil else { throw AuditDifference(place, "silence", expected: "one leaf", found: "two") }
        leftOut = silence
    }

    /// Checks whom the next snapshot leaves out: the nodes of which the log held nothing in this epoch and the last.
    mutating func leaveOutTheSilent(_ place: LeafPlace) throws {
        let next = epoch.addingClamped(1)
        let start = epoch > 1 ? genesis.epochs.beginning(of: epoch - 1) : 0
        let expected = Silence(
            before: next,
            registered: nodes.filter { epoch > 1 && $0.registeredAt <= start }.map(\.node.number),
            heard: heard.union(heardBefore))
        let found = leftOut ?? Silence(before: next, registered: [], heard: [])
        guard expected == found else {
            throw AuditDifference(
                place, "nodes that the next snapshot leaves out", expected: "\(expected.nodes)", found: "\(found.nodes)"
            )
        }
        let silent = Set(expected.nodes)
        for index in nodes.indices where silent.contains(nodes[index].node.number) {
            nodes[index].absences.append(next)
        }
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

    /// What a node has in all before the epoch's result adds to it.
    func entitled(_ node: ReplayedNode) throws -> Amount {
        try node.cumulative.adding(rewards.credited[node.node.number] ?? .zero)
    }

    /// Replays an operator's signature on a result.
    mutating func attestation(_ leaf: LogLeaf, _ place: LeafPlace) throws {
        let (number, address, signature) = try LogBody.readAttestation(leaf.body)
        // After two epochs the operators of the open epoch's snapshot may attest as well.
        let epochs = AttestationQuorum.isLate(number, in: epoch) ? [number, epoch] : [number]
        guard let node = nodes.first(where: { $0.node.registration.operatorAddress == address }),
            epochs.contains(where: { node.isMember(of: $0, genesis.epochs) })
        else { throw AuditDifference(place, "attester", expected: "an operator of epoch \(number)", found: address) }
        heard.insert(node.node.number)
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
