import Foundation

/// What `feesvc demo --json` prints in its last line.
struct DemoSummary: Decodable, Sendable {
    /// An epoch's figures.
    struct Epoch: Decodable, Sendable {
        let epoch: UInt64
        let charged: Units
        let captured: Units
        let held: Units
        let postageHeld: Units
        let refunded: Units
        let refundedByPool: Units
        let refunds: [Refunds]
        let pool: Units
        let rewards: Units
        let dust: Units
        let root: String
        let welcomed: UInt64
        let nodes: [Node]
    }

    /// What went back on one ground.
    struct Refunds: Decodable, Sendable {
        let ground: String
        let refunds: UInt64
        let base: Units
        let congestion: Units
        let storage: Units
        let postage: Units
        let amount: Units
        let paid: Units
    }

    /// A node in an epoch.
    struct Node: Decodable, Sendable {
        let node: Int
        let heldPpb: UInt32
        let availablePpb: UInt32
        let reward: Units
    }

    /// An amount: a base-10 string of the smallest unit. Anything else does not decode.
    struct Units: Decodable, Sendable, Equatable {
        let value: UInt64

        init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode(String.self)
            guard let value = UInt64(text), String(value) == text else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "\(text) is no base-10 amount"))
            }
            self.value = value
        }
    }

    let messages: Int
    let accepted: Int
    let rejected: Int
    let payers: Int
    let topics: Int
    let welcomed: Int
    let nodes: Int
    let converged: Bool
    let conserved: Bool
    let refunds: [Refunds]
    let seconds: Double
    let epochs: [Epoch]

    /// Reads the last line of what a demo printed.
    static func lastLine(of output: String) throws -> DemoSummary {
        guard let line = output.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
            throw Overdue(description: "the demo printed no JSON: \(output.suffix(500))")
        }
        return try JSONDecoder().decode(DemoSummary.self, from: Data(line.utf8))
    }
}
