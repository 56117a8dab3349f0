/// Events that wait to be pushed to one peer, bounded: what does not fit is left to reconciliation.
struct PushQueue {
    private let eventsMax: Int
    private let bytesMax: Int
    private var events: [WireEvent] = []
    private var bytes = 0

    init(eventsMax: Int, bytesMax: Int) {
        self.eventsMax = eventsMax
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { events.isEmpty }
    var size: (events: Int, bytes: Int) { (events.count, bytes) }

    /// Takes an event in; `false` where there is no room.
    mutating func append(_ event: WireEvent) -> Bool {
        guard events.count < eventsMax, bytes + event.frameBytes <= bytesMax else { return false }
        events.append(event)
        bytes += event.frameBytes
        return true
    }

    /// Takes the oldest events out that fit one frame; at least one where there is any.
    mutating func next(eventsMax: Int, bytesMax: Int) -> [WireEvent] {
        var size = 0
        var count = 0
        for event in events.prefix(eventsMax) {
            guard count == 0 || size + event.frameBytes <= bytesMax else { break }
            size += event.frameBytes
            count += 1
        }
        let batch = Array(events.prefix(count))
        events.removeFirst(count)
        bytes -= size
        return batch
    }

    /// Forgets everything: the connection that it waited for is gone.
    mutating func removeAll() {
        events = []
        bytes = 0
    }
}
