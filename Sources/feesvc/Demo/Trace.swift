import Foundation
import Channels
import Primitives

/// One message of a trace.
struct TraceMessage: Hashable, Sendable {
    /// When it was sent, Unix seconds.
    let sentAt: UInt64
    /// Who sent it.
    let sender: Int
    /// Its topic: stream and topic as the file numbers them.
    let topic: TopicName
    /// How many bytes its payload has.
    let bytes: Int

    /// A topic as a trace names it.
    struct TopicName: Hashable, Sendable {
        let stream: Int
        let topic: Int
    }
}

/// A trace of chat traffic: gzipped CSV with the columns `sent_at,sender,stream,topic,bytes`, sorted by time.
struct Trace: Sendable {
    private static let columns = ["sent_at", "sender", "stream", "topic", "bytes"]
    private static let bytesMax = 1 << 30

    let messages: [TraceMessage]
    let topicCount: Int
    let senderCount: Int

    /// Reads and checks a whole file before anything is done with it.
    init(path: String) throws {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw OperatorError("The trace \(path) can't be read; check the path and its permissions.")
        }
        let text: [UInt8]
        do throws(GzipError) {
            text = try Gzip.inflate(Array(data), limit: Self.bytesMax)
        } catch {
            switch error {
            case .notGzip: throw OperatorError("The trace \(path) is not gzip; compress the CSV with gzip.")
            case .truncated: throw OperatorError("The trace \(path) is cut short; fetch it again.")
            case .damaged:
                throw OperatorError("The trace \(path) is damaged: its content does not decompress; fetch it again.")
            case .tooLong(let limit): throw OperatorError("The trace \(path) has more than \(limit) bytes; split it.")
            }
        }
        messages = try Self.parse(text, path: path)
        topicCount = Set(messages.map(\.topic)).count
        senderCount = Set(messages.map(\.sender)).count
    }

    private static func parse(_ text: [UInt8], path: String) throws -> [TraceMessage] {
        var lines = text.split(separator: 0x0a, omittingEmptySubsequences: false)[...]
        if lines.last?.isEmpty == true { lines = lines.dropLast() }
        let header = lines.first.map {
            String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let found = header?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
        if let unknown = found.first(where: { !columns.contains($0) }) {
            throw OperatorError(
                "\(path), line 1: unknown column \"\(unknown)\"; a trace has \(columns.joined(separator: ",")).")
        }
        guard found == columns else {
            throw OperatorError("\(path), line 1: the columns must be \(columns.joined(separator: ",")).")
        }
        var messages: [TraceMessage] = []
        messages.reserveCapacity(lines.count)
        for (number, line) in lines.dropFirst().enumerated() {
            let message = try parse(line, place: "\(path), line \(number + 2)")
            if let last = messages.last, message.sentAt < last.sentAt {
                throw OperatorError(
                    "\(path), line \(number + 2): time goes back from \(last.sentAt) to \(message.sentAt); sort the trace."
                )
            }
            messages.append(message)
        }
        guard !messages.isEmpty else { throw OperatorError("The trace \(path) holds no message.") }
        return messages
    }

    private static func parse(_ line: ArraySlice<UInt8>, place: String) throws -> TraceMessage {
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == columns.count else {
            throw OperatorError("\(place): \(fields.count) fields where there should be \(columns.count).")
        }
        let values = try zip(columns, fields).map { column, field in
            guard let value = Int(field) else {
                throw OperatorError("\(place): \(column) \"\(field)\" is not a whole number.")
            }
            guard value >= 0 else { throw OperatorError("\(place): \(column) is negative (\(value)).") }
            return value
        }
        guard values[4] <= EnvelopeHead.payloadBytesMax else {
            throw OperatorError(
                "\(place): bytes is \(values[4]); a message has at most \(EnvelopeHead.payloadBytesMax).")
        }
        guard values[0] < 4_000_000_000 else {
            throw OperatorError("\(place): sent_at is \(values[0]), beyond the year 2096.")
        }
        return TraceMessage(
            sentAt: UInt64(values[0]), sender: values[1], topic: .init(stream: values[2], topic: values[3]),
            bytes: values[4])
    }

    /// 00:00 UTC of the first message's day.
    var start: UInt64 { UTCDay(containing: messages.first?.sentAt ?? 0).start }
}
