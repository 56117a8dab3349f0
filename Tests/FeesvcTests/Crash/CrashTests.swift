import Channels
import Foundation
import Primitives
import Storage
import Testing

@testable import feesvc

/// Law L37: a crash at any statement boundary, and a retry, leave the database that no crash leaves.
///
/// A path of money through three epochs is walked act by act. Before each act the database is copied, once for each crash,
/// and the act is done on the copy while ``Wire`` breaks the service's connection at one step of it. Then the service is
/// restarted, or goes on as it is; whoever got no answer asks again; and every row of the database has to be the one that
/// the walk without a crash has after this act. A service that went on does the next acts as well, for it may remember what
/// is not so.
///
/// `FEESVC_CRASHES=all` breaks every step of every act, an act's name every step of that one, and services that went on walk
/// to the path's end; without it every act is broken right before and right after its last COMMIT, and some others by
/// chance. `FEESVC_SEED` is the seed.
@Suite(.serialized) struct CrashTests {
    /// One crash.
    private struct Crash: CustomStringConvertible {
        let fault: Wire.Fault
        /// Whether the process is restarted.
        let restarts: Bool
        let step: Wire.Step

        var description: String {
            let what = step.text.replacing("\n", with: " ").prefix(60)
            return "step \(fault.step) \(fault.how), \(restarts ? "restarted" : "going on"): \(what)"
        }
    }

    private static let wanted = ProcessInfo.processInfo.environment["FEESVC_CRASHES"]
    private static let seed = ProcessInfo.processInfo.environment["FEESVC_SEED"].flatMap { UInt64($0) } ?? 1

    @Test func `L37: a crash at any statement of the money path, and a retry, leave what no crash leaves`() async throws
    {
        var random = SplitMix64(seed: Self.seed)
        let path = MoneyPath()
        try await CrashSite.run(path) { site in
            let expected = try await site.walk(path.acts)
            var (count, steps) = (0, 0)
            for (place, act) in path.acts.enumerated() {
                let (state, made) = try await site.advance(act)
                #expect(state == expected[place], "\(act.name): \(state.difference(from: expected[place]))")
                steps += made.count
                for crash in Self.crashes(of: act, in: made, &random) {
                    count += 1
                    let about: Comment = "seed \(Self.seed), \(act.name), \(crash)"
                    let end = min(
                        place + (crash.restarts ? 0 : Self.wanted == nil ? 4 : expected.count), expected.count - 1)
                    let found = try await site.crash(
                        act, crash.fault, restarts: crash.restarts, path.acts[(place + 1)..<(end + 1)], about)
                    if found != expected[end] { Issue.record("\(about): \(found.difference(from: expected[end]))") }
                }
                try await site.accept()
            }
            print(
                "L37: \(path.acts.count) acts of \(steps) steps, \(count) crashes, state \(expected.last?.hash.hex ?? "")"
            )
        }
    }

    @Test func `L37: a start that is cut off at any statement, and a second one, leave what one start leaves`()
        async throws
    {
        var random = SplitMix64(seed: Self.seed)
        try await CrashSite.run(MoneyPath()) { site in
            let (expected, steps) = try await site.open(nil)
            for step in steps.indices where Self.wanted != nil || UInt8.random(in: 0..<4, using: &random) == 0 {
                for how in Wire.Break.allCases {
                    let (found, _) = try await site.open(Wire.Fault(step: step, how: how))
                    let about = "seed \(Self.seed), step \(step) \(how): \(steps[step].text)"
                    #expect(found == expected, "\(about): \(found.difference(from: expected))")
                }
            }
        }
    }

    /// The crashes of one act, of which these are the steps.
    private static func crashes(
        of act: MoneyAct, in steps: [Wire.Step], _ random: inout SplitMix64
    ) -> [Crash] {
        func crash(_ step: Int, _ how: Wire.Break, _ restarts: Bool) -> Crash {
            Crash(fault: Wire.Fault(step: step, how: how), restarts: restarts, step: steps[step])
        }
        let commits = steps.indices.filter { steps[$0].isCommit }
        if let wanted {
            guard wanted == "all" || wanted == act.name else { return [] }
            return steps.indices.flatMap { [crash($0, .lost, true), crash($0, .terminated, false)] }
                + commits.flatMap { [crash($0, .unanswered, true), crash($0, .unanswered, false)] }
        }
        var chosen: [Crash] = []
        if let last = commits.last {
            let restarts = Bool.random(using: &random)
            chosen.append(crash(last, Bool.random(using: &random) ? .lost : .terminated, restarts))
            chosen.append(crash(last, .unanswered, !restarts))
        }
        if UInt8.random(in: 0..<4, using: &random) == 0, let other = steps.indices.randomElement(using: &random),
            let how = Wire.Break.allCases.randomElement(using: &random)
        {
            chosen.append(crash(other, how, Bool.random(using: &random)))
        }
        return chosen
    }
}
