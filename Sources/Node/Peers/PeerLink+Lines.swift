import Logging

extension PeerLink {
    /// Logs what is worth it.
    func log(_ line: PeerStory.Line?, _ logger: Logger) {
        guard let line, let leftOut = budget(for: line) else { return }
        var metadata: Logger.Metadata = ["peer.number": "\(number)"]
        if leftOut > 0 { metadata["lines.left.out"] = "\(leftOut)" }
        switch line {
        case .connected: logger.info("peer connected", metadata: metadata)
        case .equal(let after, let events):
            metadata["peer.equal.after"] = "\(after.tenths) s"
            metadata["peer.events"] = "\(events)"
            logger.info("peer holds the same", metadata: metadata)
        case .healing(let comparisons):
            metadata["peer.comparisons"] = "\(comparisons)"
            logger.info("peer holds something else, healing goes on", metadata: metadata)
        case .lost(let after, let reason):
            metadata["peer.connected.for"] = "\(after.tenths) s"
            metadata["peer.failure"] = "\(reason)"
            logger.info("peer lost", metadata: metadata)
        case .failed(let reason):
            metadata["peer.failure"] = "\(reason)"
            let level: Logger.Level = reason.hasPrefix("refused_") || reason == "identity" ? .warning : .info
            logger.log(level: level, "peer can't be connected to, it is tried again", metadata: metadata)
        }
    }
}

extension Duration {
    /// Seconds with one decimal.
    var tenths: Double { (seconds * 10).rounded() / 10 }
}
