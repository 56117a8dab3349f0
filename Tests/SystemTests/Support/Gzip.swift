/// Traces as files.
enum Gzip {
    /// Compresses text with the system's gzip and returns the bytes.
    static func compress(_ text: String, in workshop: Workshop) async throws -> [UInt8] {
        let plain = try workshop.write("plain.csv", Array(text.utf8))
        let outcome = try await workshop.run(words: ["gzip", "-9", "-n", "-k", "-f", plain])
        guard outcome.status == 0 else { throw Overdue(description: "gzip failed: \(outcome.errors)") }
        return try workshop.bytes("plain.csv.gz")
    }
}
