public import Primitives

/// An administrative act as the log has it.
public struct LoggedAct: Hashable, Sendable {
    /// The index of its leaf.
    public let index: UInt64
    /// The act.
    public let act: AdminAct
    /// The admin key's signature.
    public let signature: Signature

    /// Places an act.
    public init(index: UInt64, act: AdminAct, signature: Signature) {
        self.index = index
        self.act = act
        self.signature = signature
    }

    /// Reads the body of an act's leaf; whose signature it is, is not checked.
    public init(index: UInt64, body: [UInt8]) throws(CanonicalError) {
        let (bytes, signature) = try LogBody.readSigned(body)
        self.index = index
        act = try AdminAct(canonicalBytes: bytes)
        self.signature = signature
    }
}

extension LoggedAct {
    /// The leaf's body.
    public var body: [UInt8] { LogBody.signed(.act, act.canonicalBytes, signature).body }

    /// Tells whether it replaces a key.
    public var isRotation: Bool {
        if case .rotate = act.order { true } else { false }
    }
}

extension Sequence<LoggedAct> {
    /// The canonical bytes of the ruleset that the last of these acts ordered; `nil` where none did.
    public var ruleset: [UInt8]? {
        reduce(nil) { ruleset, logged in
            if case .ruleset(let ordered) = logged.act.order { ordered } else { ruleset }
        }
    }

    /// Whether charging is paused after these acts: what the last pause or resumption said.
    public var isPaused: Bool {
        reduce(false) { isPaused, logged in
            if case .pause(let isOrdered) = logged.act.order { isOrdered } else { isPaused }
        }
    }
}
