import Primitives
import Rewards

/// An explanation as tables for people.
struct ExplanationText {
    let body: ExplanationBody

    /// All of it.
    var text: String {
        [
            title, "The pool\n" + pool, "Why nobody earned \(body.rest.total) of the nodes' share\n" + rest,
            "What others measured of node \(body.node)\n" + metrics, "What node \(body.node) got\n" + share,
        ].joined(separator: "\n")
    }

    private var title: String {
        let what = "Epoch \(body.epoch), node \(body.node), operator \(body.operator.checksummed)"
        guard body.preview else { return "\(what): \(body.share.reward) units\n" }
        return "\(what): \(body.share.reward) units" + """


            PREVIEW: epoch \(body.epoch) is not sealed. This is what it would be if it ended now, by what is in the log; \
            what was not measured yet counts in full.

            """
    }

    private var pool: String {
        var rows = body.pool.sources.map { [$0.code, "+", $0.amount.decimal] }
        rows.append([PoolReason.refunds.rawValue, "-", body.pool.refunds.decimal])
        rows.append(["pool", "=", body.pool.total.decimal])
        rows += body.pool.uses.map { [$0.code, "-", $0.amount.decimal] }
        return TextTable.render(["code", "", "units"], rows)
    }

    private var rest: String {
        TextTable.render(["code", "", "units"], body.rest.reasons.map { [$0.code, "+", $0.amount.decimal] })
    }

    private var metrics: String {
        var rows: [[String]] = []
        for (name, metric) in [("held", body.held), ("available", body.available)] {
            for view in metric.views {
                rows.append([name, "node \(view.observer)", view.parts.map(String.init) ?? "", view.missing ?? ""])
            }
            let note = metric.dropped ?? "lower median; quorum \(metric.quorum)"
            rows.append([name, "counts", String(metric.parts), note])
        }
        let attested = body.attested
        let signed = "\(attested.given) of \(attested.due) signed in time"
        rows.append(["attested", "counts", String(attested.parts), signed])
        rows.append(["quality", "", String(body.quality), "the product"])
        return TextTable.render(["metric", "by", "parts of 10^9", "why"], rows)
    }

    private var share: String {
        var rows = [["share/full", "", body.share.full.decimal]]
        rows += body.share.losses.map { [$0.code, "-", $0.amount.decimal] }
        rows.append([PoolReason.earned.rawValue, "=", body.share.earned.decimal])
        let weight = "\(body.rest.weight) of \(body.rest.weights)"
        rows.append(["\(PoolReason.shared.rawValue), \(weight)", "+", body.share.shared.decimal])
        rows.append(["lost/penalty, \(body.share.proofs) proofs", "-", body.share.taken.decimal])
        rows.append(["reward", "=", body.share.reward.decimal])
        rows.append(["earned before", "+", body.account.before.decimal])
        rows.append(["cumulative", "=", body.account.cumulative.decimal])
        rows.append(["claimed", "", body.account.claimed.decimal])
        rows.append(["outstanding", "", body.account.outstanding.decimal])
        return TextTable.render(["code", "", "units"], rows)
    }
}
