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
            throw OperatorError("\(words.joined(separator: " ")) failed (\(status)): \(complaint(in: text))")
        }
        return text
    }

    /// The line of a program's output that says what went wrong, or the last ones in one line.
    private static func complaint(in text: String) -> String {
        let lines = text.split(separator: "\n").map(String.init)
        let telling = lines.first { $0.contains("FATAL") || $0.contains("PANIC") || $0.contains("error:") }
        return telling ?? lines.suffix(3).joined(separator: " ")
    }
}
