import Channels
import Foundation
import Payer
import Primitives

/// The state before an epoch's first leaf: what an audit of the epoch starts from.
struct EpochOpening: Codable, Equatable, Sendable {
    /// A node and what its leaf of the reward tree held.
    struct Node: Codable, Equatable, Sendable {
        let node: HexBytes
        let registeredAt: UInt64
        let cumulative: Amount
    }

    /// What one midnight captures of the storage that ends on a day.
    struct Storage: Codable, Equatable, Sendable {
        let expiryDay: UInt32
        let daily: Amount
    }

    /// A charge of which something is held.
    struct OpenCharge: Codable, Equatable, Sendable {
        let charge: UInt64
        let epoch: UInt64
        /// The base fee while it is held.
        var base: Amount?
        /// The congestion fee while it is held.
        var congestion: Amount?
        let expiryDay: UInt32
        let storagePerDay: Amount
        /// Postage while it is held.
        var postage: Amount?
        let postageDue: UInt64?
    }

    /// An act that replaced a key.
    struct Rotation: Codable, Equatable, Sendable {
        /// The index of its leaf.
        let logIndex: UInt64
        /// The leaf's body.
        let body: HexBytes
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
    let storage: [Storage]
    let charges: [OpenCharge]

    /// JSON with members in order of name, the same bytes each time.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [0x0a]
    }
}
