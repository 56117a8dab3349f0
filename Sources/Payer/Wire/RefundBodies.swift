public import Channels
public import Primitives

/// Evidence that a message was welcome.
public struct WelcomeBody: Codable, Sendable {
    /// The charge's number.
    public let charge: UInt64
    /// The welcome's canonical bytes.
    public let welcome: HexBytes

    /// Makes the body.
    public init(charge: UInt64, welcome: HexBytes) {
        self.charge = charge
        self.welcome = welcome
    }
}

/// What goes back.
public struct RefundBody: Codable, Sendable {
    /// The charge's number.
    public let charge: UInt64
    /// The ground's name.
    public let ground: String
    /// How much went back at once.
    public let amount: Amount
    /// How much more is owed out of the open epoch's pool, paid right before its edge.
    public let owed: Amount

    /// Makes the body.
    public init(charge: UInt64, ground: String, amount: Amount, owed: Amount = .zero) {
        self.charge = charge
        self.ground = ground
        self.amount = amount
        self.owed = owed
    }
}

/// Evidence that a message was deleted: `POST /v1/deletions`.
public struct DeletionBody: Codable, Sendable {
    /// The charge's number.
    public let charge: UInt64
    /// The deletion's canonical bytes.
    public let deletion: HexBytes

    /// Makes the body.
    public init(charge: UInt64, deletion: HexBytes) {
        self.charge = charge
        self.deletion = deletion
    }
}

/// A charge whose price shall be compared with the schedule: `POST /v1/overcharges`.
public struct OverchargeBody: Codable, Sendable {
    /// The charge's number.
    public let charge: UInt64

    /// Makes the body.
    public init(charge: UInt64) {
        self.charge = charge
    }
}

/// Two charges of one envelope: `POST /v1/double-charges`.
public struct DoubleChargeBody: Codable, Sendable {
    /// The later one.
    public let charge: UInt64
    /// The one that paid before.
    public let first: UInt64

    /// Makes the body.
    public init(charge: UInt64, first: UInt64) {
        self.charge = charge
        self.first = first
    }
}

/// An outage that operators declare: `POST /v1/outages`.
public struct OutageBody: Codable, Sendable {
    /// The declared outage's canonical bytes.
    public let outage: HexBytes

    /// Makes the body.
    public init(outage: HexBytes) {
        self.outage = outage
    }
}

/// The outages on record: `GET /v1/outages`.
public struct OutagesBody: Codable, Sendable {
    /// One outage.
    public struct Outage: Codable, Sendable {
        /// The UTC day.
        @Count32 public var day: UInt32
        /// How much of it, in parts per 10^9.
        @Count32 public var parts: UInt32
        /// What it gives back in all.
        public let total: Amount
        /// The leaf that says so.
        public let logIndex: UInt64
        /// Day, parts and signatures in canonical bytes.
        public let outage: HexBytes

        /// Makes a line.
        public init(_ declared: DeclaredOutage, total: Amount, logIndex: UInt64) {
            day = declared.outage.day.number
            parts = declared.outage.parts
            self.total = total
            self.logIndex = logIndex
            outage = HexBytes(declared.canonicalBytes)
        }
    }

    /// The outages by day.
    public let outages: [Outage]

    /// Makes the body.
    public init(outages: [Outage]) {
        self.outages = outages
    }
}

/// Where each unit of a charge is, and why: `GET /v1/channels/{id}/charges/{charge}`.
public struct ChargeStandingBody: Codable, Sendable {
    /// One part of the price.
    public struct Part: Codable, Sendable {
        /// `base`, `congestion`, `storage` or `postage`.
        public let part: String
        /// What was charged.
        public let paid: Amount
        /// What is held.
        public let held: Amount
        /// When what is held is decided, or the next of it captured; `nil` where nothing is held.
        public let heldUntil: UInt64?
        /// What was captured.
        public let captured: Amount
        /// What went back, or is owed.
        public let returned: Amount

        /// Makes a line.
        public init(part: String, paid: Amount, held: Amount, heldUntil: UInt64?, captured: Amount, returned: Amount) {
            self.part = part
            self.paid = paid
            self.held = held
            self.heldUntil = heldUntil
            self.captured = captured
            self.returned = returned
        }
    }

    /// What one ground gave of one part.
    public struct Refund: Codable, Sendable {
        /// The part.
        public let part: String
        /// The ground's name.
        public let ground: String
        /// `hold`, `pool` or `stake`; out of a pool it is paid right before an edge.
        public let source: String
        /// How much.
        public let amount: Amount
        /// The leaf that says so.
        public let logIndex: UInt64

        /// Makes a line.
        public init(part: String, ground: String, source: String, amount: Amount, logIndex: UInt64) {
            self.part = part
            self.ground = ground
            self.source = source
            self.amount = amount
            self.logIndex = logIndex
        }
    }

    /// How one ground stands.
    public struct Ground: Codable, Sendable {
        /// The ground's name.
        public let ground: String
        /// `given`, `waiting`, `open`, `late` or `nothing`.
        public let state: String
        /// When it is decided or ends.
        public let until: UInt64?
        /// One sentence.
        public let reason: String

        /// Makes a line.
        public init(_ prospect: GroundProspect) {
            ground = prospect.ground.name
            state = prospect.state.rawValue
            until = prospect.until
            reason = prospect.reason
        }
    }

    /// The charge's number.
    public let charge: UInt64
    /// Its epoch.
    public let epoch: UInt64
    /// The time of the log that this holds for.
    public let time: UInt64
    /// The parts of the price.
    public let parts: [Part]
    /// What went back.
    public let refunds: [Refund]
    /// How each ground stands.
    public let grounds: [Ground]

    /// Makes the body.
    public init(charge: UInt64, epoch: UInt64, time: UInt64, parts: [Part], refunds: [Refund], grounds: [Ground]) {
        self.charge = charge
        self.epoch = epoch
        self.time = time
        self.parts = parts
        self.refunds = refunds
        self.grounds = grounds
    }
}
