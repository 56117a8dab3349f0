import Foundation

/// Runs a program to its end.
enum Command {
    /// Runs `words` (a program, found on PATH, and its arguments) and returns what it prints.
    @discardableResult
    static func run(_ words: [String]) async throws -> String {
        let output = NSTemporaryDirectory() + "/feesvc-\(UUID().uuidString).out"
        defer { try? FileManager.default.removeItem(atPath: output) }
        let process = try SpawnedProcess(words, outputPath: output, keepsInputOpen: false)
        let status = await process.waitForEnd()
        let text = ((try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard status == 0 else {
            throw OperatorError("\(words.joined(separator: " ")) failed (\(status)): \(text.suffix(500))")
        }
        return text
    }
}
