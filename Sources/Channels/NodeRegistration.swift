public import Primitives

/// `RegisterNode`: an operator puts a node into the registry; the node's key signs the same.
public struct RegisterNode: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash(
        "RegisterNode(address operator,address nodeKey,address payout,uint128 stake,bytes32 endpointsHash)")

    /// Who runs the node, stakes for it and attests.
    public let operatorAddress: Address
    /// Whose key signs the node's events and observations.
    public let nodeKey: Address
    /// Where claims are paid.
    public let payout: Address
    /// What the operator puts up for it, in ledger units; it must have been deposited.
    public let stake: Amount
    /// Where other nodes reach it, `host:port`.
    public let peerEndpoint: String
    /// Where clients reach it, `host:port`.
    public let httpEndpoint: String

    /// Makes the statement.
    public init(
        operatorAddress: Address, nodeKey: Address, payout: Address, stake: Amount, peerEndpoint: String,
        httpEndpoint: String
    ) {
        self.operatorAddress = operatorAddress
        self.nodeKey = nodeKey
        self.payout = payout
        self.stake = stake
        self.peerEndpoint = peerEndpoint
        self.httpEndpoint = httpEndpoint
    }

    /// SHA-256 of `tagged "feesvc/endpoints/1": text peer, text http`.
    public var endpointsHash: Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/endpoints/1")
        encoder.append(peerEndpoint)
        encoder.append(httpEndpoint)
        return SHA256.hash(encoder.bytes)
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [
            Bytes32(operatorAddress), Bytes32(nodeKey), Bytes32(payout), Bytes32(integer: stake.units), endpointsHash,
        ]
    }
}

/// A node in the registry: body of a ``LeafKind/node`` leaf.
public struct RegisteredNode: Hashable, Sendable {
    /// The most characters of an endpoint.
    public static let endpointBytesMax = 255

    /// The node's number, from 1: its index in reward trees.
    public let number: UInt32
    /// What operator and node signed.
    public let registration: RegisterNode
    /// The operator's signature.
    public let operatorSignature: Signature
    /// The node key's signature.
    public let nodeSignature: Signature

    /// Makes a registered node.
    public init(number: UInt32, registration: RegisterNode, operatorSignature: Signature, nodeSignature: Signature) {
        self.number = number
        self.registration = registration
        self.operatorSignature = operatorSignature
        self.nodeSignature = nodeSignature
    }

    /// Tells whether operator and node key both signed.
    public func isSigned(in domain: EIP712Domain) -> Bool {
        let digest = domain.digest(of: registration)
        return operatorSignature.isBy(registration.operatorAddress, over: digest)
            && nodeSignature.isBy(registration.nodeKey, over: digest)
    }

    /// The canonical bytes, tag `feesvc/node/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/node/1")
        encoder.append(number)
        encoder.append(registration.operatorAddress)
        encoder.append(registration.nodeKey)
        encoder.append(registration.payout)
        encoder.append(registration.stake)
        encoder.append(registration.peerEndpoint)
        encoder.append(registration.httpEndpoint)
        encoder.append(operatorSignature)
        encoder.append(nodeSignature)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/node/1")
        number = try decoder.readUInt32()
        let operatorAddress = try decoder.readAddress()
        let nodeKey = try decoder.readAddress()
        let payout = try decoder.readAddress()
        let stake = try decoder.readAmount()
        let peer = try decoder.readText(limit: Self.endpointBytesMax, field: "peer")
        let http = try decoder.readText(limit: Self.endpointBytesMax, field: "http")
        registration = RegisterNode(
            operatorAddress: operatorAddress, nodeKey: nodeKey, payout: payout, stake: stake,
            peerEndpoint: peer, httpEndpoint: http)
        operatorSignature = try decoder.readSignature()
        nodeSignature = try decoder.readSignature()
        try decoder.finish()
    }
}
