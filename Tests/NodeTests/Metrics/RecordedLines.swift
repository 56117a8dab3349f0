import Logging
import Synchronization

@testable import Node

/// Lines that a node has logged.
final class RecordedLines: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let lines = Mutex<[Line]>([])

    var all: [Line] { lines.withLock { $0 } }

    /// Those with a message.
    func with(_ message: String) -> [Line] { all.filter { $0.message == message } }

    var logger: Logger {
        var logger = Logger(label: "node.tests") { _ in Handler(lines: self) }
        logger.logLevel = .info
        return logger
    }

    fileprivate func append(_ line: Line) { lines.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let lines: RecordedLines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
            lines.append(
                Line(level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
        }
    }
}

/// A scrape, by name and labels as they stand in it.
struct Scrape {
    let text: String
    let values: [String: Double]

    init(_ text: String) {
        self.text = text
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        values = Dictionary(
            lines.compactMap { line in
                line.lastIndex(of: " ").flatMap { space in
                    Double(line[line.index(after: space)...]).map { (String(line[..<space]), $0) }
                }
            }
        ) { first, _ in first }
    }

    subscript(name: String) -> Double? { values["feesvc_node_" + name] }
}

extension ReplicationNode {
    func scrape() async -> Scrape { Scrape(await metrics()) }
}
