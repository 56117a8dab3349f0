public import ArgumentParser
import Foundation
public import Logging
import Synchronization

/// Options that every long-running command has.
struct LogOptions: ParsableArguments {
    @Option(help: "The least severe message to log: trace, debug, info, notice, warning, error, critical.")
    var logLevel: Logger.Level = .info

    /// A logger that writes one line a message to standard error.
    func logger(_ label: String) -> Logger {
        var logger = Logger(label: label) { LineLogHandler(label: $0) }
        logger.logLevel = logLevel
        return logger
    }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

/// Writes `time level label message key=value …` to standard error. Values with blanks are quoted.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    private static let output = Mutex(FileHandle.standardError)

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        var line = "\(Self.timestamp()) \(event.level) \(label) \(event.message)"
        for (key, value) in values { line += " \(key)=\(Self.quoted("\(value)"))" }
        line += "\n"
        let data = Data(line.utf8)
        Self.output.withLock { try? $0.write(contentsOf: data) }
    }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0.isWhitespace || $0 == "\"" }) else { return text }
        return "\"" + text.replacing("\"", with: "'").replacing("\n", with: " ") + "\""
    }

    private static func timestamp() -> String {
        Date().formatted(
            .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true))
    }
}
