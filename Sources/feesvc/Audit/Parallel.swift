import Foundation

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
        let results = Results<Value>(count)
        DispatchQueue.concurrentPerform(iterations: count) { part in
            results.values[part] = Result { try body(part) }
        }
        return try (0..<count).compactMap { try results.values[$0]?.get() }
    }

    /// A place for each part's result.
    ///
    /// `@unchecked Sendable`: the compiler can't see through the pointer. Each part writes to its own place alone, and all
    /// are read after the last part has ended.
    private final class Results<Value: Sendable>: @unchecked Sendable {
        let values: UnsafeMutablePointer<Result<Value, any Error>?>
        private let count: Int

        init(_ count: Int) {
            self.count = count
            values = .allocate(capacity: count)
            values.initialize(repeating: nil, count: count)
        }

        deinit {
            values.deinitialize(count: count)
            values.deallocate()
        }
    }
}
