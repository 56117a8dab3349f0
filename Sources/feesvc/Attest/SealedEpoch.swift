import Channels
import Payer
import Primitives
import Rewards

/// An epoch that a service has sealed, with the result that it shows.
struct SealedEpoch {
    let service: ServiceConnection
    let number: UInt64
    /// What the service says follows from the epoch.
    let shown: EpochResult
    /// Whether the service says that the quorum has signed.
    let isAttested: Bool

    /// Asks the service; an ``OperatorError`` says what is missing where the epoch is not sealed.
    init(_ number: UInt64, of service: ServiceConnection) async throws {
        let body: EpochBody
        do {
            body = try await service.client.get("/v1/epochs/\(number)")
        } catch ClientError.problem(let problem) where problem.code == "epoch/unknown" {
            throw OperatorError("Epoch \(number) has not begun; name an --epoch that is over, or none.")
        }
        guard let result = body.result else {
            throw OperatorError(Self.missing(body, of: service.genesis.epochs))
        }
        self.service = service
        self.number = number
        isAttested = body.state == "attested"
        do {
            shown = try EpochResult(canonicalBytes: result.bytes)
        } catch {
            throw Disagreement(epoch: number, inputs: "the result that the service shows can't be read: \(error)")
        }
    }

    private static func missing(_ body: EpochBody, of clock: EpochClock) -> String {
        let edge = ChannelOutput.moment(clock.edge(of: body.epoch))
        guard body.endIndex != nil else {
            return "Epoch \(body.epoch) is open until \(edge) and has no result yet; try again after that."
        }
        return "Epoch \(body.epoch) ended at \(edge) and is not sealed yet: the service still takes the nodes' "
            + "observations. Try again in a minute."
    }

    /// Recomputes the epoch from its public inputs; a ``Disagreement`` where that is not what the service shows.
    ///
    /// - Parameter previous: the epoch before, at whose end this one has to begin, where it was recomputed.
    func recomputed(after previous: PublicInputs.Recomputed? = nil) async throws -> PublicInputs.Recomputed {
        let recomputed: PublicInputs.Recomputed
        do {
            recomputed = try await PublicInputs(service: service, epoch: number).recompute(after: previous)
        } catch let difference as AuditDifference {
            throw Disagreement(epoch: number, inputs: difference.description)
        }
        let result = recomputed.audit.result
        for other in [shown, recomputed.logged] {
            let differences = result.differences(from: other)
            guard differences.isEmpty else { throw Disagreement(epoch: number, differences: differences) }
        }
        return recomputed
    }
}

/// What a service shows of an epoch is not what follows from its public inputs.
struct Disagreement: Error, Codable {
    /// A figure with both values.
    struct Figure: Codable {
        let node: UInt32?
        let figure: String
        let service: String
        let own: String
    }

    /// So many figures are told to a person; JSON has all.
    private static let told = 20

    let epoch: UInt64
    /// Why the inputs themselves can't be those of an epoch; `nil` where they can.
    let inputs: String?
    let differences: [Figure]

    init(epoch: UInt64, inputs: String) {
        self.epoch = epoch
        self.inputs = inputs
        differences = []
    }

    init(epoch: UInt64, differences: [ResultDifference]) {
        self.epoch = epoch
        inputs = nil
        self.differences = differences.map {
            Figure(node: $0.node, figure: $0.figure, service: $0.other, own: $0.own)
        }
    }
}

extension Disagreement: CustomStringConvertible {
    var description: String {
        let what =
            if let inputs {
                ["Epoch \(epoch): its public inputs are wrong, nothing was signed or claimed. \(inputs)"]
            } else {
                [
                    "Epoch \(epoch): what the service sealed does not follow from its inputs, nothing was signed or "
                        + "claimed."
                ]
                    + differences.prefix(Self.told).map {
                        let place = $0.node.map { "node \($0)" } ?? "epoch"
                        return "  \(place): \($0.figure) is \($0.service) at the service, \($0.own) recomputed"
                    }
            }
        let more = differences.count > Self.told ? ["  and \(differences.count - Self.told) more; --json has all"] : []
        let advice = [
            "Run it again: an answer may have been cut short or changed on the way. If it stays, keep the files of "
                + "/v1/epochs/\(epoch)/inputs/, and ask other operators what they get before anything is attested."
        ]
        return (what + more + advice).joined(separator: "\n")
    }
}
