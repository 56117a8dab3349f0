import Channels
import Foundation
import Primitives

/// Why a wallet's file of a channel is not believed.
public enum ChannelRecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not the JSON that this program writes.
    case form(String)
    /// Another version of this program wrote it.
    case version(found: Int)
    /// Its numbers can't be those of one channel.
    case contradictory(lane: UInt32)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .form(let reason): "it is not what this program writes: \(reason)"
        case .version(let found): "it has version \(found), and this program reads version \(ChannelRecordForm.version)"
        case .contradictory(let lane): "what it says of lane \(lane) can't be"
        }
    }
}

extension ChannelRecord {
    /// The largest file that is read: 64 lanes with 256 undecided vouchers each are below it.
    public static let bytesMax = 32 << 20

    /// The file's text. Equal records have equal texts.
    public var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(ChannelRecordForm(self)))
        } catch {
            preconditionFailure("texts and whole numbers are always JSON: \(error)")
        }
    }

    /// Reads a file's text.
    public init(json: [UInt8]) throws(ChannelRecordError) {
        let form: ChannelRecordForm
        do {
            let data = Data(json)
            let version = try JSONDecoder().decode(ChannelRecordForm.Version.self, from: data).version
            guard version == ChannelRecordForm.version else { throw ChannelRecordError.version(found: version) }
            form = try JSONDecoder().decode(ChannelRecordForm.self, from: data)
        } catch let error as ChannelRecordError {
            throw error
        } catch {
            throw .form("\(error)")
        }
        self = try form.record
    }
}

/// The JSON of a ``ChannelRecord``.
struct ChannelRecordForm: Codable {
    static let version = 1

    /// Read first: another version has other members.
    struct Version: Decodable {
        let version: Int
    }

    struct Total: Codable {
        let day: UInt32
        let amount: Amount

        init(_ total: DayTotal) {
            day = total.day.number
            amount = total.amount
        }

        var total: DayTotal { DayTotal(day: UTCDay(number: day), amount: amount) }
    }

    struct Lane: Codable {
        let lane: UInt32
        let sequence: UInt64
        let ceiling: Amount
        let charged: Amount
        let accepted: VoucherProofBody?
        let undecided: [VoucherBody]
        let countedOn: UInt32
    }

    let version: Int
    let channelId: Bytes32
    let payer: Address
    let signer: Address
    let opening: Bytes32?
    let genesis: HexBytes
    let service: String
    let firstSequence: UInt64
    let limits: SpendingLimits
    let authorised: [Address]
    let head: HeadBody?
    let logSize: UInt64
    let rollback: UInt64?
    let spent: Total
    let toppedUp: Total
    let deposit: ChannelRecord.PendingDeposit?
    let withdrawal: ChannelRecord.PendingWithdrawal?
    let lanes: [Lane]

    init(_ record: ChannelRecord) {
        version = Self.version
        channelId = record.channelID
        payer = record.payer
        signer = record.signer
        opening = record.opening
        genesis = HexBytes(record.genesis.canonicalBytes)
        service = record.service
        firstSequence = record.firstSequence
        limits = record.limits
        authorised = record.authorised.sorted()
        head = record.head.map(HeadBody.init)
        logSize = record.logSize
        rollback = record.rollback > 0 ? record.rollback : nil
        spent = Total(record.spent)
        toppedUp = Total(record.toppedUp)
        deposit = record.deposit
        withdrawal = record.withdrawal
        lanes = record.lanes.sorted { $0.key < $1.key }.map { number, lane in
            Lane(
                lane: number, sequence: lane.signer.sequence, ceiling: lane.signer.ceiling,
                charged: lane.signer.charged, accepted: lane.signer.accepted.map(VoucherProofBody.init),
                undecided: lane.signer.pending.map(VoucherBody.init), countedOn: lane.countedOn.number)
        }
    }

    var record: ChannelRecord {
        get throws(ChannelRecordError) {
            let parameters: Genesis
            let newest: SignedHead?
            do {
                parameters = try Genesis(canonicalBytes: genesis.bytes)
                newest = try head?.signed
            } catch {
                throw .form("\(error)")
            }
            var record = ChannelRecord(
                channelID: channelId, payer: payer, signer: signer, opening: opening, genesis: parameters,
                service: service, limits: limits, firstSequence: firstSequence)
            record.authorised = Set(authorised)
            record.head = newest
            record.logSize = logSize
            record.rollback = rollback ?? 0
            record.spent = spent.total
            record.toppedUp = toppedUp.total
            record.deposit = deposit
            record.withdrawal = withdrawal
            for lane in lanes {
                let signer = LaneSigner(
                    channelID: channelId, lane: lane.lane, sequence: lane.sequence, ceiling: lane.ceiling,
                    charged: lane.charged, accepted: lane.accepted?.proof(of: channelId),
                    undecided: lane.undecided.map(\.signed))
                guard let signer, record.lanes[lane.lane] == nil else { throw .contradictory(lane: lane.lane) }
                record.lanes[lane.lane] = ChannelRecord.Lane(
                    signer: signer, countedOn: UTCDay(number: lane.countedOn))
            }
            return record
        }
    }
}
