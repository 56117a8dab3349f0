import Channels
import Foundation
import Payer
import Primitives
import Rewards

/// The state before an epoch's first leaf: what an audit of the epoch starts from, with the charges in `held.csv`.
struct EpochOpening: Codable, Equatable, Sendable {
    /// A node and what its leaf of the reward tree held.
    struct Node: Codable, Equatable, Sendable {
        let node: HexBytes
        let registeredAt: UInt64
        let cumulative: Amount
        /// What its stake gave before the epoch; left out where that is nothing.
        var slashed: Amount?
        /// Epochs up to this one whose snapshots leave it out; left out where there is none.
        var absences: [Absences.Span]?
    }

    /// What one midnight captures of the storage that ends on a day.
    struct Storage: Codable, Equatable, Sendable {
        let expiryDay: UInt32
        let daily: Amount
    }

    /// An act that replaced a key.
    struct Rotation: Codable, Equatable, Sendable {
        /// The index of its leaf.
        let logIndex: UInt64
        /// The leaf's body.
        let body: HexBytes
    }

    /// Amounts of a charge's parts.
    struct Parts: Codable, Equatable, Sendable {
        let base: Amount
        let congestion: Amount
        let storage: Amount
        let postage: Amount
    }

    /// Storage that was given up.
    struct Release: Codable, Equatable, Sendable {
        let logIndex: UInt64
        let perDay: Amount
        let fromDay: UInt32
        let isPrice: Bool
    }

    /// A charge of an earlier epoch, with its proof and what was decided on it before.
    struct History: Codable, Equatable, Sendable {
        /// The leaf that charged it.
        let leaf: HexBytes
        /// Its path to the root of the log before the epoch.
        let path: [Bytes32]
        let isBaseHeld: Bool
        let isPostageHeld: Bool
        let returned: Parts
        let owed: Parts
        let releases: [Release]
        /// The charges of its minute before it, and of the four minutes before that.
        let minuteCounts: [UInt64]
    }

    /// An operator whose two results of an epoch were shown before.
    struct Equivocator: Codable, Equatable, Sendable {
        let epoch: UInt64
        let operatorAddress: Address
    }

    let epoch: UInt64
    let genesis: HexBytes
    /// The rotations of keys before the epoch.
    let rotations: [Rotation]
    let size: UInt64
    let frontier: [Bytes32]
    let lastMidnight: UInt32
    let chargeCount: UInt64
    /// The charges of the minute in which the epoch begins and of the four minutes before it, that one first.
    let minuteCounts: [UInt64]
    /// Whether charging is paused when the epoch begins.
    let isPaused: Bool
    let dustIn: Amount
    let schedules: [HexBytes]
    let nodes: [Node]
    /// Nodes of which the log held something that they signed in the epoch before, ascending.
    var heard: [UInt32] = []
    let storage: [Storage]
    /// The ruleset that an act ordered last; without one the genesis's is in force.
    var ruleset: HexBytes?
    /// Left out where there is none.
    var equivocations: [Equivocator]?

    /// What pools owe and did not pay; left out where that is nothing.
    var owed: Amount?
    /// Outages that were declared before, in the order of days: the index of each leaf, and its body.
    var outages: [Rotation]?
    /// Earlier charges that refund leaves of the epoch name.
    var histories: [History]?

    /// JSON with members in order of name, the same bytes each time.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [0x0a]
    }
}
