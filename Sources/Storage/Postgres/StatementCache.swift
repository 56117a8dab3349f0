/// The prepared statements of one session: names by text and parameter types, at most ``capacity`` of them.
struct StatementCache {
    /// What makes two statements the same.
    ///
    /// The types belong to it: the same text with a value of another type is another
    /// statement to the server.
    struct Key: Hashable {
        let text: String
        let types: [UInt32]
    }

    /// Enough for every statement of the program; each costs the server some kilobytes.
    static let capacity = 256

    private var entries: [Key: (name: String, lastUse: UInt64)] = [:]
    private var clock: UInt64 = 0
    private var namesGiven: UInt64 = 0

    /// The name of a prepared statement, which becomes the most recently used.
    mutating func name(for key: Key) -> String? {
        clock += 1
        guard let name = entries[key]?.name else { return nil }
        entries[key]?.lastUse = clock
        return name
    }

    /// A name no statement of this session had.
    mutating func freshName() -> String {
        namesGiven += 1
        return "s\(namesGiven)"
    }

    /// Remembers a prepared statement; returns the name of the least recently used one when it has to go.
    mutating func insert(_ name: String, for key: Key) -> String? {
        clock += 1
        entries[key] = (name, clock)
        guard entries.count > Self.capacity else { return nil }
        // Linear, but only on an insertion beyond capacity, next to a round trip to the server.
        guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        entries[oldest.key] = nil
        return oldest.value.name
    }

    /// Forgets a statement the server no longer accepts.
    mutating func remove(_ key: Key) {
        entries[key] = nil
    }
}
