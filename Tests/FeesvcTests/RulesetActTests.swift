import Channels
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Rulesets by acts, proofs of equivocation, and what explains a share.
struct RulesetActTests {
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength
    private static let secondEdge = edge + ServiceFixture.epochLength

    private static let shares: Ruleset? = try? Ruleset(
        version: 2, nodes: 700_000_000, apps: 200_000_000, protocolIncome: 100_000_000, division: .stake,
        stakeCap: 1_000_000_000, penalty: 500_000_000, penaltyCap: 1_000_000_000)

    private func grant(_ amount: Amount, _ reference: UInt8, _ fixture: ServiceFixture) async throws {
        let grant = Grant(amount: amount, reference: SHA256.hash([reference]))
        try await fixture.service.credit(
            grant, signature: fixture.settlement.sign(fixture.service.domain.digest(of: grant)))
    }

    private func code(_ body: () async throws -> Void) async throws -> String? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal.code
        }
    }

    /// Two results of an epoch that an operator signed: the sealed one, and one that it made up.
    private func evidence(
        _ number: Int, _ result: EpochResult, _ fixture: ServiceFixture, label: UInt8 = 1
    ) throws -> Equivocation {
        let key = ServiceFixture.operatorKey(number)
        let other = Attestation(
            epoch: result.epoch, result: SHA256.hash([label]), root: result.root, rewards: result.rewards,
            inputs: result.inputs, ruleset: result.ruleset)
        func side(_ attestation: Attestation) -> Equivocation.Side {
            Equivocation.Side(attestation, key.sign(fixture.service.domain.digest(of: attestation)))
        }
        return try #require(Equivocation(key.address, side(result.attestation), side(other)))
    }

    @Test func `a ruleset splits pools from the next epoch on, and audits follow it`() async throws {
        try await ServiceFixture.run { fixture in
            let ruleset = try #require(Self.shares)
            try await fixture.registerNodes(4)
            try await grant(1_000, 1, fixture)
            #expect(try await code { try await fixture.order(.ruleset([1, 2]), nonce: 1) } == "act/ruleset")
            try await fixture.order(.ruleset(ruleset.canonicalBytes), nonce: 1)
            try await fixture.advance(to: Self.edge)
            try await grant(1_000, 2, fixture)
            try await fixture.observeAll(4, epoch: 1)
            let first = try await fixture.service.seal(1)
            #expect(first.ruleset == 1)
            #expect(first.rewards == 1_000)
            try await fixture.advance(to: Self.secondEdge)
            try await fixture.observeAll(4, epoch: 2)
            let second = try await fixture.service.seal(2)
            #expect(second.ruleset == 2)
            #expect(second.apps == 200)
            #expect(second.protocolIncome == 100)
            #expect(second.rows.map(\.reward) == [175, 175, 175, 175])
            #expect(try await fixture.balance(.appShares) == 200)
            #expect(try await fixture.balance(.protocolIncome) == 100)
            let sums = try await fixture.conservation()
            #expect(sums.custody == sums.liabilities)

            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var rulesets: [Ruleset] = []
            try DirectoryChain.audit(out) { rulesets.append($0.audit.inputs.ruleset) }
            #expect(rulesets == [.first, ruleset])

            // What was paid is what its own ruleset pays; what another would have paid differs.
            let same = try PastEpochs(.first, [out]).rows
            #expect(same.count == 8)
            #expect(same.prefix(4).allSatisfy { $0.paid == $0.simulated && $0.ruleset == 1 })
            #expect(same.suffix(4).allSatisfy { $0.paid == 175 && $0.simulated == 250 && $0.ruleset == 2 })
        }
    }

    @Test func `L27: a proof of equivocation counts once, costs its operator, and pays the next pool`() async throws {
        try await ServiceFixture.run(["--ruleset", "2"]) { fixture in
            try await fixture.registerNodes(4)
            try await fixture.advance(to: Self.edge)
            try await fixture.observeAll(4, epoch: 1)
            let first = try await fixture.service.seal(1)
            try await grant(1_000, 1, fixture)

            let good = try evidence(1, first, fixture)
            let forged = try #require(
                Equivocation(ServiceFixture.operatorKey(2).address, good.sides[0], good.sides[1]))
            #expect(try await code { _ = try await fixture.service.take(forged) } == "equivocation/signature")
            #expect(try await fixture.service.take(good))
            #expect(try await !fixture.service.take(good))
            // Another lie about the same epoch is no second offence.
            #expect(try await !fixture.service.take(try evidence(1, first, fixture, label: 2)))
            let kept = try await fixture.service.read { try await EquivocationStore($0).all() }
            #expect(kept.map(\.evidence) == [good])
            #expect(kept.map(\.node) == [1])

            try await fixture.advance(to: Self.secondEdge)
            try await fixture.observeAll(4, epoch: 2)
            let second = try await fixture.service.seal(2)
            #expect(second.rows.map(\.taken) == [125, 0, 0, 0])
            #expect(second.rows.map(\.reward) == [125, 250, 250, 250])
            #expect(second.dust == 125)
            #expect(try await fixture.balance(.pool(3)) == 125)
            let unsealed = try evidence(3, second, fixture)
            #expect(unsealed.epoch == 2)

            let found = try await fixture.service.read {
                try await ExplainSource.explain(ServiceFixture.operatorKey(1).address, epoch: 2, $0)
            }
            #expect(found.share.proofs == 1)
            #expect(found.share.taken == 125)
            #expect(!found.preview)
            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var taken: [Amount] = []
            try DirectoryChain.audit(out) { taken += $0.audit.result.rows.map(\.taken) }
            #expect(taken == [0, 0, 0, 0, 125, 0, 0, 0])
        }
    }

    @Test func `an epoch without result has no proofs, and strangers have none either`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            try await fixture.advance(to: Self.edge)
            let unsealed = try EpochResult.compute(
                RewardInputs(
                    ruleset: .first, epoch: 1, firstIndex: 0, endIndex: 1, logRoot: .zero, snapshot: [],
                    observations: [], attestations: [], cumulativeBefore: [:], base: 0, storage: 0, postage: 0,
                    dustIn: 0, grants: 0, refunds: 0))
            let early = try evidence(1, unsealed, fixture)
            #expect(try await code { _ = try await fixture.service.take(early) } == "equivocation/not-sealed")
            _ = try await fixture.service.seal(1)
            let stranger = try evidence(9, unsealed, fixture)
            #expect(try await code { _ = try await fixture.service.take(stranger) } == "equivocation/operator")
            #expect(try await fixture.service.take(early))
        }
    }

    @Test func `an explanation is the same from the database and from an export; an open epoch's is a preview`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            try await grant(1_003, 1, fixture)
            let first = ServiceFixture.operatorKey(1).address
            func explain(_ operatorAddress: Address, _ epoch: UInt64) async throws -> ExplanationBody {
                try await fixture.service.read { try await ExplainSource.explain(operatorAddress, epoch: epoch, $0) }
            }
            let preview = try await explain(first, 1)
            #expect(preview.preview)
            #expect(preview.pool.total == 1_003)
            #expect(preview.share.reward == 250)
            #expect(preview.held.dropped == "no_quorum")
            #expect(preview.held.views.map(\.missing) == ["view/own", "view/silent", "view/silent", "view/silent"])
            #expect(ExplanationText(body: preview).text.contains("PREVIEW"))

            try await fixture.advance(to: Self.edge)
            try await fixture.observeAll(4, epoch: 1)
            _ = try await fixture.service.seal(1)
            let sealed = try await explain(first, 1)
            #expect(!sealed.preview)
            #expect(!ExplanationText(body: sealed).text.contains("PREVIEW"))
            #expect(sealed.held.views.map(\.parts) == [nil, 1_000_000_000, 1_000_000_000, 1_000_000_000])
            #expect(sealed.account.outstanding == 250)
            let path = try #require(
                try await ExportCommand.export(fixture.pool, epoch: 1, out: fixture.directory + "/out").first)
            let fromFiles = try ExplainSource.explain(first, in: try DirectoryAudit(path: path))
            // At the edge nothing of the epoch was posted yet.
            #expect(fromFiles.account.outstanding == 0)
            let (one, other) = (ExplanationText(body: sealed).text, ExplanationText(body: fromFiles).text)
            #expect(one.replacing("outstanding", with: "") != other)
            #expect(one.split(separator: "\n").dropLast(1) == other.split(separator: "\n").dropLast(1))

            #expect(try await code { _ = try await explain(.zero, 1) } == "explanation/unknown-operator")
            #expect(try await code { _ = try await explain(first, 9) } == "epoch/unknown")
        }
    }

    @Test func `attacks on a ruleset are the same table for one seed`() throws {
        let table = try AttackTable(.second, attacks: [.wash, .split], percents: [1, 25], seed: 3)
        #expect(table.rows == (try AttackTable(.second, attacks: [.wash, .split], percents: [1, 25], seed: 3).rows))
        #expect(table.rows.map(\.stake) == [1, 25, 1, 25])
        for row in table.rows where row.attack == "wash" { #expect(row.gain.hasPrefix("-")) }
    }
}
