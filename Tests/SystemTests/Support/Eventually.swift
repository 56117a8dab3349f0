/// Waits until `isTrue`, looking every few milliseconds; throws ``Overdue`` where that takes too long.
func eventually(within seconds: Int, _ what: String, _ isTrue: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !isTrue() {
        guard ContinuousClock.now < end else { throw Overdue(description: "waited \(seconds) s in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
