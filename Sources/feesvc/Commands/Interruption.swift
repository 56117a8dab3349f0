import UnixSignals

/// SIGINT or SIGTERM asked a command to end.
struct Interruption: Error {
    /// Runs `body`; a signal cancels it and ends the wait with an ``Interruption``.
    static func orEnd(of body: @Sendable @escaping () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals { throw Interruption() }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
