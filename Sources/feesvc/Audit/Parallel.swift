import Foundation
import Synchronization

/// Spreads work that is the same for each of many things over the processors, and returns when all of it is done.
enum Parallel {
    /// Cuts 0 ..< `count` into parts of at least `least` and maps them; what is too small for two parts is not cut.
    ///
    /// Throws what the first part throws that throws at all.
    static func map<Value: Sendable>(
        _ count: Int, least: Int, _ body: @Sendable (Range<Int>) throws -> Value
    ) throws -> [Value] {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let partCount = max(1, min(2 * processors, count / max(1, least)))
        guard partCount > 1, processors > 1 else { return count > 0 ? [try body(0..<count)] : [] }
        return try map(parts: partCount) { part in
            try body(count * part / partCount..<count * (part + 1) / partCount)
        }
    }

    /// Does something for each of 0 ..< `count`, where each is much work.
    ///
    /// Throws what the first throws that throws at all.
    static func forEach(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
        _ = try map(parts: count, body)
    }

    private static func map<Value: Sendable>(parts count: Int, _ body: @Sendable (Int) throws -> Value) throws
        -> [Value]
    {
        let results = Mutex([Result<Value, any Error>?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { part in
            let result = Result { try body(part) }
            results.withLock { $0[part] = result }
        }
        return try results.withLock { $0 }.compactMap { try $0?.get() }
    }
}

/// Does one piece of work while its owner prepares the next; there is never more than one.
final class Beside: Sendable {
    private let group = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)

    /// Starts a piece of work once the one before is done; throws what that threw.
    func start(_ work: @escaping @Sendable () throws -> Void) throws {
        try finish()
        DispatchQueue.global().async(group: group) { [self] in
            do { try work() } catch { failure.withLock { $0 = error } }
        }
    }

    /// Waits for the work that was started; throws what it threw.
    func finish() throws {
        group.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}

/// A value that is worked out while its owner does something else.
final class Aside<Value: Sendable>: Sendable {
    private let work = Beside()
    private let result = Mutex<Value?>(nil)

    /// Begins.
    init(_ body: @escaping @Sendable () throws -> Value) throws {
        try work.start { [self] in
            let value = try body()
            result.withLock { $0 = value }
        }
    }

    /// Waits for the value; throws what working it out threw.
    func value() throws -> Value {
        try work.finish()
        guard let value = result.withLock({ $0 }) else {
            preconditionFailure("work that ended without error has a value")
        }
        return value
    }
}
