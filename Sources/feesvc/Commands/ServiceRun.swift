import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import UnixSignals

/// Runs services together until SIGTERM or SIGINT, then stops them in reverse order.
enum ServiceRun {
    static func run(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

/// An HTTP server on one address.
struct HTTPServer: Service, CustomStringConvertible {
    /// The most connections at once; more wait to be accepted.
    private static let connectionsMax = 4_096
    /// Headers are small here: a request line and a handful of fields.
    private static let limits = HTTP1Channel.Configuration.DecoderConfiguration(
        maxHeaderFieldSize: 8_192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 64)
    /// How long a connection may keep still.
    private static let idleTimeout = TimeAmount.seconds(75)

    let responder: MethodResponder
    let host: String
    let port: Int
    /// The option that says where to listen, for an error message.
    let option: String
    let addressFile: String?
    /// Whether a proxy in front says who the client is.
    var isBehindProxy = false
    let logger: Logger

    var description: String { "HTTP server" }

    func run() async throws {
        let host = host
        let addressFile = addressFile
        let logger = logger
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: ClientResponder(responder, isBehindProxy: isBehindProxy),
            server: .http1(
                configuration: .init(idleTimeout: Self.idleTimeout, httpDecoderConfiguration: Self.limits)),
            configuration: .init(
                address: .hostname(host, port: port), serverName: "feesvc",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionsMax, logger: quiet)),
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? 0
                logger.info("listening", metadata: ["http.address": "\(host):\(bound)"])
                if let addressFile {
                    try? Data("\(host):\(bound)\n".utf8).write(to: URL(fileURLWithPath: addressFile), options: .atomic)
                }
            },
            logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE || error.errnoCode == EACCES {
            let reason = error.errnoCode == EADDRINUSE ? "is in use" : "may not be used by this user"
            throw OperatorError("The address \(host):\(port) \(reason); choose another \(option).")
        }
    }
}

/// Ends when standard input does: a child whose parent died stops with it.
struct StandardInputWatch: Service, CustomStringConvertible {
    var description: String { "standard input" }

    func run() async throws {
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        let input = FileHandle.standardInput
        input.readabilityHandler = { handle in
            if handle.availableData.isEmpty {
                handle.readabilityHandler = nil
                continuation.finish()
            }
        }
        for await _ in ends.cancelOnGracefulShutdown() {}
        input.readabilityHandler = nil
    }
}
