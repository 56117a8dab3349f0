import Payer
import Primitives
import Rewards

/// `solvency.json`: what a service states that it owes, for everybody.
struct SolvencyBody: Codable, Equatable, Sendable {
    let logId: Bytes32
    let entry: UInt64
    let entryHash: Bytes32
    let leaves: UInt64
    let root: Bytes32
    let total: Amount
    /// What is in custody: the total.
    let custody: Amount
    /// SHA-256 of the statement's canonical bytes.
    let statement: Bytes32
    /// The signature `Solvency` over it, where a key was named.
    var signature: Signature?

    init(_ statement: SolvencyStatement, custody: Amount, signature: Signature?) {
        logId = statement.logID
        entry = statement.entry
        entryHash = statement.entryHash
        leaves = statement.leaves
        root = statement.root.hash
        total = statement.root.sum
        self.custody = custody
        self.statement = statement.hash
        self.signature = signature
    }

    /// The statement that the members make.
    var stated: SolvencyStatement {
        SolvencyStatement(
            logID: logId, entry: entry, entryHash: entryHash, leaves: leaves, root: SummedHash(hash: root, sum: total))
    }

    /// The statement, whose hash has to be the one that stands beside it.
    func checked() throws -> SolvencyStatement {
        let stated = stated
        guard stated.hash == statement else {
            throw OperatorError("The statement is \(stated.hash), not \(statement): its members were changed.")
        }
        guard custody == total else { throw OperatorError("\(total) is owed and \(custody) is in custody.") }
        return stated
    }
}
