import Primitives

/// What the DAG and the chains need to know of a held event.
struct Vertex: Hashable, Sendable {
    let originator: UInt32
    let sequence: UInt64
    let topic: Bytes32
    let depth: UInt64
}

/// Where an event goes, given what is held.
enum Placement: Hashable, Sendable {
    /// All ancestors are held: the longest path to the topic's first events has this many edges.
    case ready(depth: UInt64)
    /// These ancestors are not held.
    case waits(missing: [Bytes32])
    /// An ancestor that is held cannot be one.
    case refused(EventRefusal)

    /// The rule: links are of the same topic, `previous` is the originator's event before. Depth is derived from what
    /// is held, never declared, so nobody can forge it.
    static func of<Failure: Error>(
        _ event: Event,
        vertex: (Bytes32) throws(Failure) -> Vertex?
    ) throws(Failure) -> Placement {
        var missing: [Bytes32] = []
        var depth: UInt64 = 0
        for link in event.links {
            guard let held = try vertex(link) else {
                missing.append(link)
                continue
            }
            guard held.topic == event.topic else { return .refused(.linkTopic(link: link)) }
            depth = max(depth, held.depth + 1)
        }
        if event.sequence > 1 {
            if let held = try vertex(event.previous) {
                guard held.originator == event.originator, held.sequence == event.sequence - 1 else {
                    return .refused(.otherPrevious)
                }
            } else if !missing.contains(event.previous) {
                missing.append(event.previous)
            }
        }
        return missing.isEmpty ? .ready(depth: depth) : .waits(missing: missing)
    }
}
