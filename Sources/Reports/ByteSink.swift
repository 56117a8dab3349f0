/// Where a format's bytes go: a file, an array, a counter. Bytes come in order and are never taken back.
public protocol ByteSink: AnyObject {
    /// Takes the next bytes. What it throws ends the report and is passed on as it is.
    func append(_ bytes: [UInt8]) throws
}

/// Gathers text in front of a sink, so that a sink gets blocks and not single words.
struct SinkBuffer {
    /// A block's size: large enough that a sink which writes each block to a disk loses nothing by it.
    private static let blockBytes = 1 << 16

    private let sink: any ByteSink
    /// What was written and not handed on.
    var text = ByteText()

    init(_ sink: any ByteSink) {
        self.sink = sink
    }

    /// Hands on what was gathered, once it is a block.
    mutating func passBlock() throws {
        if text.bytes.count >= Self.blockBytes { try passAll() }
    }

    /// Hands on all that was gathered.
    mutating func passAll() throws {
        guard !text.bytes.isEmpty else { return }
        try sink.append(text.bytes)
        text.removeAll()
    }
}
