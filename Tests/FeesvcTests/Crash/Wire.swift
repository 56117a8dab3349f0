import Foundation
import Synchronization

/// Stands between a service and PostgreSQL, counts what the service asks for, and breaks the connection where it is told.
///
/// A service asks for one thing at a time and waits for the answer, so that statement boundaries lie before and after each
/// step. Neither the service nor the server knows of it: what they see is what they would see of a crash.
final class Wire: Sendable {
    /// How a connection ends.
    enum Break: CaseIterable {
        /// The request does not arrive; the server sees the connection end.
        case lost
        /// The server ends the backend, as `pg_terminate_backend` does, and says so instead of answering.
        case terminated
        /// The request is carried out, and nobody hears of it.
        case unanswered
    }

    /// Where a connection breaks: at which step from 0, and how.
    struct Fault {
        let step: Int
        let how: Break
    }

    /// One request.
    struct Step {
        /// The statement, or what is done with it.
        let text: String
        /// Whether it ends a transaction that may have written something.
        let isCommit: Bool
    }

    private struct State {
        var steps: [Step] = []
        var fault: Fault?
        var isBroken = false
        var isClosed = false
        var sockets: Set<Int32> = []
    }

    /// The folder of the socket: the `host` of a connection string.
    let folder: String
    private let server: String
    private let listener: WireSocket
    private let state = Mutex(State())

    /// Listens in a new folder for whoever wants to ask the server whose socket is in another.
    init(folder: String, server host: String) throws {
        self.folder = folder
        server = host + "/.s.PGSQL.5432"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        listener = try WireSocket.listening(at: folder + "/.s.PGSQL.5432")
        Thread.detachNewThread { [self] in
            while let client = listener.accepted() {
                Thread.detachNewThread { [self] in serve(client) }
            }
            listener.end()
        }
    }

    /// Counts steps from here on, and breaks the connection at one of them.
    func begin(_ fault: Fault?) {
        state.withLock { ($0.steps, $0.fault, $0.isBroken) = ([], fault, false) }
    }

    /// The steps since, and whether a connection was broken.
    var sofar: (steps: [Step], isBroken: Bool) { state.withLock { ($0.steps, $0.isBroken) } }

    /// Ends every connection, as a process does that dies.
    func hangUp() {
        state.withLock { for socket in $0.sockets { WireSocket(descriptor: socket).shutDown() } }
    }

    /// Ends every connection and takes no more.
    func close() {
        state.withLock { $0.isClosed = true }
        hangUp()
        listener.shutDown()
    }

    /// How the connection breaks at this step, if it does.
    private func take(_ step: Step) -> Break? {
        state.withLock { state in
            defer { state.steps.append(step) }
            guard let fault = state.fault, fault.step == state.steps.count else { return nil }
            state.fault = nil
            state.isBroken = true
            return fault.how
        }
    }

    private func serve(_ client: WireSocket) {
        guard let server = try? WireSocket.connected(to: server) else { return client.end() }
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            state.sockets.formUnion([client.descriptor, server.descriptor])
            return true
        }
        if isOpen {
            var conversation = WireConversation(client: client, server: server)
            conversation.run(take)
        }
        client.shutDown()
        server.shutDown()
        state.withLock { $0.sockets.subtract([client.descriptor, server.descriptor]) }
        client.end()
        server.end()
    }
}

/// One connection.
private struct WireConversation {
    private let client: WireSocket
    private let server: WireSocket
    private var requests: WireMessages
    private var answers: WireMessages
    private var backend: Int32 = 0
    /// The texts of prepared statements by name.
    private var prepared: [String: String] = [:]
    private var isWriting = false

    init(client: WireSocket, server: WireSocket) {
        self.client = client
        self.server = server
        requests = WireMessages(client)
        answers = WireMessages(server)
    }

    mutating func run(_ take: (Wire.Step) -> Wire.Break?) {
        guard let hello = requests.next(isFirst: true), server.write(hello.bytes), let welcome = answer(),
            client.write(welcome)
        else { return }
        while let (step, request) = request() {
            switch take(step) {
            case nil:
                guard server.write(request), let answer = answer(), client.write(answer) else { return }
            case .lost: return
            case .terminated:
                kill(backend, SIGTERM)
                client.write(answers.rest())
                return
            case .unanswered:
                guard server.write(request) else { return }
                _ = answer()
                return
            }
        }
    }

    /// The next messages of the client that the server answers.
    private mutating func request() -> (Wire.Step, ArraySlice<UInt8>)? {
        var bytes: ArraySlice<UInt8> = []
        var text = ""
        while let message = requests.next() {
            bytes += message.bytes
            var strings = message.body.split(separator: 0, omittingEmptySubsequences: false).lazy
                .map { String(decoding: $0, as: UTF8.self) }.makeIterator()
            switch UnicodeScalar(message.kind) {
            case "Q": return (step(strings.next() ?? ""), bytes)
            case "S": return (step(text), bytes)
            case "P":
                let name = strings.next() ?? ""
                let statement = strings.next() ?? ""
                prepared[name] = statement
                text = "PREPARE " + statement
            case "B":
                _ = strings.next()
                text = prepared[strings.next() ?? ""] ?? ""
            default: break
            }
        }
        return nil
    }

    private mutating func step(_ text: String) -> Wire.Step {
        if text.hasPrefix("BEGIN") { isWriting = text.hasSuffix("READ COMMITTED") }
        return Wire.Step(text: text, isCommit: isWriting && text == "COMMIT")
    }

    /// The messages of the server up to the one that says that it is ready for more.
    private mutating func answer() -> ArraySlice<UInt8>? {
        var bytes: ArraySlice<UInt8> = []
        while let message = answers.next() {
            bytes += message.bytes
            switch UnicodeScalar(message.kind) {
            case "K": backend = message.body.prefix(4).reduce(0) { $0 << 8 | Int32($1) }
            case "Z": return bytes
            default: break
            }
        }
        return nil
    }
}
