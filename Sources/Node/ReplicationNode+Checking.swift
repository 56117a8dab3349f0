import Channels
import Primitives

extension ReplicationNode {
    /// Looks through the whole store: every event by the rules of admission, every table against the others, the index against the
    /// tables. Changes nothing.
    ///
    /// `progress` is told how many events were looked at. Throws where the store can't be read.
    public func check(progress: (Int) -> Void = { _ in }) async throws -> [StoreFault] {
        var faults = try await core.store.checkTables()
        let evicted = Set(await core.store.evicted)
        var arrival: Int64 = 0
        var count = 0
        while true {
            let rows = try await core.store.rows(after: arrival, limit: 512)
            guard let last = rows.last else { return faults }
            arrival = last.arrival
            let floor = await core.store.floor
            for (row, outcome) in zip(rows, await core.check(rows.map(\.wire))) where !evicted.contains(row.id) {
                faults += try await look(at: row, outcome, floor: floor)
            }
            count += rows.count
            progress(count)
        }
    }

    private func look(
        at row: EventStore.Row, _ outcome: Result<CheckedEvent, EventRefusal>, floor: UTCDay
    ) async throws -> [StoreFault] {
        guard row.hasPayload else { return [.payloadMissing(id: row.id)] }
        switch outcome {
        case .failure(let refusal): return [.event(id: row.id, refusal: refusal)]
        case .success(let checked):
            var faults: [StoreFault] = []
            if checked.id != row.id { faults.append(.column(id: row.id, name: "id")) }
            if checked.event.topic != row.topic { faults.append(.column(id: row.id, name: "topic")) }
            let expected = [
                ("originator", UInt64(checked.event.originator)), ("sequence", checked.event.sequence),
                ("epoch", checked.charge.epoch), ("charge", checked.charge.number), ("logged", checked.logged),
                ("expiry", UInt64(checked.expiry.number)),
            ]
            for ((name, value), found) in zip(expected, row.columns) where value != found {
                faults.append(.column(id: row.id, name: name))
            }
            if checked.expiry < floor { faults.append(.belowFloor(id: row.id)) }
            for link in checked.event.links where try await core.store.isTip(link, of: checked.event.topic) {
                faults.append(.tip(id: link))
            }
            return faults
        }
    }
}
