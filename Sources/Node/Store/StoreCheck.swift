import Channels
import Primitives

/// Looks through a whole store: every event by the rules of admission, every table against the others, the index against the
/// tables. Changes nothing.
struct StoreCheck: Sendable {
    private static let portion = 512

    let store: EventStore
    let rules: AdmissionRules
    let key: @Sendable (UInt32) -> Address?
    let isTrusted: @Sendable (SignedHead) -> Bool

    /// `progress` is told of each portion how many events it had.
    func run(progress: (Int) -> Void) async throws -> [StoreFault] {
        var faults = try await store.checkTables()
        let leftovers = await store.leftovers
        let evicted = Set(leftovers.expired + leftovers.released)
        let floor = await store.floor
        var arrival: Int64 = 0
        while true {
            let rows = try await store.rows(after: arrival, limit: Self.portion)
            guard let last = rows.last else { return faults }
            arrival = last.arrival
            for row in rows where !evicted.contains(row.id) { faults += try await look(at: row, floor: floor) }
            progress(rows.count)
        }
    }

    private func look(at row: EventStore.Row, floor: UTCDay) async throws -> [StoreFault] {
        guard row.hasPayload else { return [.payloadMissing(id: row.id)] }
        let checked: CheckedEvent
        do throws(EventRefusal) {
            checked = try rules.check(row.wire, key: key, isTrusted: isTrusted)
        } catch {
            return [.event(id: row.id, refusal: error)]
        }
        var faults: [StoreFault] = []
        if checked.id != row.id { faults.append(.column(id: row.id, name: "id")) }
        if checked.event.topic != row.topic { faults.append(.column(id: row.id, name: "topic")) }
        let expected = [
            ("originator", UInt64(checked.event.originator)), ("sequence", checked.event.sequence),
            ("epoch", checked.charge.epoch), ("charge", checked.charge.number), ("logged", checked.logged),
            ("expiry", UInt64(checked.expiry.number)), ("shard", UInt64(checked.shard.number)),
        ]
        for ((name, value), found) in zip(expected, row.columns) where value != found {
            faults.append(.column(id: row.id, name: name))
        }
        if checked.expiry < floor { faults.append(.belowFloor(id: row.id)) }
        for link in checked.event.links where try await store.isTip(link, of: checked.event.topic) {
            faults.append(.tip(id: link))
        }
        return faults
    }
}

extension NodeCore {
    /// Looks through the whole store while the node runs.
    func check() async throws -> [StoreFault] {
        let (registry, heads) = (registry, heads)
        return try await StoreCheck(
            store: store, rules: rules, key: { registry.key(of: $0) }, isTrusted: { heads.isTrusted($0) }
        ).run { _ in }
    }
}
