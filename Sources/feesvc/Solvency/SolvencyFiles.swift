import Foundation
import Payer
import Primitives
import Rewards

/// A proof of one liability, for whoever is owed it.
struct SolvencyProofBody: Codable, Equatable, Sendable {
    struct Step: Codable, Equatable, Sendable {
        let hash: Bytes32
        let sum: Amount
    }

    let account: String
    let salt: Bytes32
    let amount: Amount
    let index: UInt64
    let count: UInt64
    let path: [Step]

    init(_ proof: SolvencyProof) {
        account = proof.liability.account
        salt = proof.liability.salt
        amount = proof.liability.amount
        index = proof.index
        count = proof.count
        path = proof.path.map { Step(hash: $0.hash, sum: $0.sum) }
    }

    var proof: SolvencyProof {
        SolvencyProof(
            liability: Liability(account: account, salt: salt, amount: amount), index: index, count: count,
            path: path.map { SummedHash(hash: $0.hash, sum: $0.sum) })
    }
}

/// `Solvency`: a key vouches for what a service states that it owes.
struct SolvencySignature: TypedStatement, Hashable {
    static let typeHash = EIP712.typeHash("Solvency(bytes32 statement)")
    /// ``SolvencyStatement/hash``.
    let statement: Bytes32

    var words: [Bytes32] { [statement] }
}

/// The folder that `feesvc solvency state` writes: the statement, and every liability with its salt.
struct SolvencyFolder {
    let path: String
    private static let columns = ["account", "salt", "amount"]

    /// Writes both files; `liabilities.csv` is for the service alone.
    func write(_ body: SolvencyBody, _ liabilities: [Liability]) throws {
        let files = FileManager.default
        do {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            let table = ReportTable(
                name: "liabilities", columns: Self.columns,
                rows: liabilities.sorted { $0.account < $1.account }.map {
                    [.text($0.account), .text($0.salt.hex), .amount($0.amount)]
                })
            let secret = path + "/liabilities.csv"
            let isWritten = files.createFile(
                atPath: secret, contents: Data(TableWriter.csv(table)), attributes: [.posixPermissions: 0o600])
            guard isWritten else { throw OperatorError("\(secret) can't be written.") }
            let text = try ChannelOutput.text(body) + "\n"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/solvency.json"))
        } catch let error as CocoaError {
            throw OperatorError("\(path) can't be written: \(Presentation.reason(of: error)).")
        }
    }

    /// The statement, and the tree of all liabilities, which has to lead to it.
    func read() throws -> (statement: SolvencyStatement, tree: SolvencyTree, liabilities: [Liability]) {
        let statement = try Self.json(SolvencyBody.self, path + "/solvency.json").checked()
        let bytes = try Self.bytes(path + "/liabilities.csv")
        let rows = try CSVFile(bytes, columns: Self.columns, name: "liabilities.csv").rows
        let liabilities = try rows.map { row in
            guard let salt = Bytes32(hex: row[1]), let amount = Amount(decimal: row[2]) else {
                throw AuditDifference("liabilities.csv", "row", expected: "account, salt, amount", found: row[0])
            }
            return Liability(account: row[0], salt: salt, amount: amount)
        }
        let tree = try SolvencyTree(liabilities)
        try AuditDifference.check(
            "liabilities.csv", "sum", expected: statement.root.sum, found: tree.root.sum)
        try AuditDifference.check("liabilities.csv", "root", expected: statement.root.hash, found: tree.root.hash)
        return (statement, tree, liabilities)
    }

    static func bytes(_ path: String) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw OperatorError("\(path) can't be read: \(Presentation.reason(of: error)).")
        }
    }

    static func json<Body: Decodable>(_ type: Body.Type, _ path: String) throws -> Body {
        do {
            return try JSONDecoder().decode(type, from: Data(try bytes(path)))
        } catch let error as DecodingError {
            throw OperatorError("\(path) holds something else: \(HTTPBody.describe(error))")
        }
    }
}
