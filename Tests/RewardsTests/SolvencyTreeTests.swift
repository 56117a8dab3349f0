import Primitives
import Rewards
import Testing

@Suite struct SolvencyTreeTests {
    private static func liabilities(_ vector: Vector) throws -> [Liability] {
        try vector["liabilities"].list.map {
            Liability(account: try $0["account"].text, salt: try $0["salt"].word, amount: try $0["amount"].amount)
        }
    }

    private static func statement(_ vector: Vector) throws -> SolvencyStatement {
        SolvencyStatement(
            logID: try vector["logId"].word, entry: try vector["entry"].u64, entryHash: try vector["entryHash"].word,
            leaves: try vector["leaves"].u64,
            root: SummedHash(hash: try vector["root"].word, sum: try vector["total"].amount))
    }

    @Test func `L28: trees of every size have the vectors' roots, sums and paths`() throws {
        let cases = try Vector.file(.rewards)["solvency"].list
        #expect(cases.count == 12)
        for vector in cases {
            let liabilities = try Self.liabilities(vector)
            let statement = try Self.statement(vector)
            let tree = try SolvencyTree(liabilities.shuffled())
            #expect(tree.root == statement.root, "\(vector.title)")
            #expect(tree.root.sum == (try Amount.sum(liabilities.map(\.amount))), "\(vector.title)")
            #expect(statement.canonicalBytes == (try vector["statement"].bytes), "\(vector.title)")
            #expect(statement.hash == (try vector["hash"].word), "\(vector.title)")
            for (liability, line) in zip(liabilities, try vector["liabilities"].list) {
                #expect(liability.leaf == (try line["leaf"].word), "\(vector.title)")
                let proof = try #require(tree.proof(of: liability))
                let path = try line["path"].list.map {
                    SummedHash(hash: try $0["hash"].word, sum: try $0["sum"].amount)
                }
                #expect(proof.path == path, "\(vector.title)")
                #expect(statement.isProved(proof), "\(vector.title)")
            }
        }
    }

    @Test func `L28: one changed byte, sum, place or count proves nothing`() throws {
        for vector in try Vector.file(.rewards)["solvency"].list {
            let liabilities = try Self.liabilities(vector)
            let statement = try Self.statement(vector)
            let tree = try SolvencyTree(liabilities)
            for liability in liabilities {
                let good = try #require(tree.proof(of: liability))
                func with(
                    _ changed: Liability? = nil, index: UInt64? = nil, count: UInt64? = nil, path: [SummedHash]? = nil
                ) -> SolvencyProof {
                    SolvencyProof(
                        liability: changed ?? liability, index: index ?? good.index, count: count ?? good.count,
                        path: path ?? good.path)
                }
                func liable(_ account: String? = nil, _ salt: Bytes32? = nil, _ amount: Amount? = nil) -> Liability {
                    Liability(
                        account: account ?? liability.account, salt: salt ?? liability.salt,
                        amount: amount ?? liability.amount)
                }
                var bad = [
                    with(liable(liability.account + "0")), with(liable(nil, .zero)),
                    with(liable(nil, nil, try liability.amount.adding(1))), with(count: good.count + 1),
                    with(index: good.count), with(path: good.path + [tree.root]),
                ]
                for place in good.path.indices {
                    var path = good.path
                    path[place] = SummedHash(hash: path[place].hash, sum: try path[place].sum.adding(1))
                    bad.append(with(path: path))
                    path[place] = SummedHash(hash: .zero, sum: good.path[place].sum)
                    bad.append(with(path: path))
                    bad.append(with(path: Array(good.path.dropLast())))
                    bad.append(with(index: good.index ^ 1))
                }
                for proof in bad { #expect(!statement.isProved(proof), "\(vector.title)") }
            }
        }
    }

    /// A node of two leaves can't be shown as a leaf: each has a tag of its own, and a leaf is the hash of its account.
    @Test func `L28: sums are never negative and never wrap`() throws {
        let large = Liability(account: "stake:a", salt: .zero, amount: .max)
        let one = Liability(account: "stake:b", salt: .zero, amount: 1)
        #expect(throws: AmountError.overflow) { try SolvencyTree([large, one]) }
        #expect(try SolvencyTree([large]).root.sum == .max)
        let overflowing = SolvencyProof(
            liability: large, index: 0, count: 2, path: [SummedHash(hash: one.leaf, sum: one.amount)])
        #expect(overflowing.root == nil)
        #expect(try SolvencyTree([large]).proof(of: one) == nil)
    }
}
