import ArgumentParser
import Primitives
import Storage

/// Of whom `feesvc report` writes a statement, instead of the books.
struct StatementOptions: ParsableArguments {
    @Option(help: "Write a payer's statement: its channels and what is payable to it.", transform: Self.address)
    var payer: Address?
    @Option(help: "Write the statement of one channel of a payer.", transform: Self.channel)
    var channel: Bytes32?
    @Option(
        name: .customLong("operator"), help: "Write a node operator's statement: rewards, stake, claims, payable.",
        transform: Self.address)
    var operatorAddress: Address?

    private var count: Int { [payer != nil, channel != nil, operatorAddress != nil].count(where: \.self) }
    /// Whether a statement was asked for, and not the books.
    var isOfSomebody: Bool { count > 0 }

    func validate() throws {
        guard count <= 1 else {
            throw ValidationError("A statement is of one: --payer, --channel or --operator.")
        }
    }

    /// Lower case, or the mixed case of EIP-55 whose capitals are a checksum.
    private static func address(_ text: String) throws -> Address {
        guard let address = Address(hex: text.lowercased()), [address.hex, address.checksummed].contains(text) else {
            throw ValidationError("\(text) is no address; write it as 0x and 40 hex digits.")
        }
        return address
    }

    private static func channel(_ text: String) throws -> Bytes32 {
        guard let id = Bytes32(hex: text) else {
            throw ValidationError("\(text) is no channel's id; write it as 0x and 64 lower-case hex digits.")
        }
        return id
    }

    /// Writes the statement that was asked for and returns its folder; `nil` where none was.
    func write(
        _ transaction: Transaction, _ state: LogState, _ period: ReportPeriod, _ formats: Set<ReportFormat>,
        under parent: String, sign: ([UInt8]) -> Signature?
    ) async throws -> String? {
        if let operatorAddress {
            let content = try await OperatorStatementContent(operatorAddress, transaction, state, period)
            return try await content.write(formats, under: parent, sign: sign)
        }
        let channels: PayerChannels
        if let payer {
            guard let found = try await PayerChannels(of: payer, transaction, state) else {
                throw ReportFault.unknownPayer(payer)
            }
            channels = found
        } else if let channel {
            guard let found = try await PayerChannels(channel, transaction, state) else {
                throw ReportFault.unknownChannel(channel)
            }
            channels = found
        } else {
            return nil
        }
        return try await PayerStatementContent(
            transaction: transaction, state: state, period: period, payer: channels
        ).write(formats, under: parent, sign: sign)
    }
}
