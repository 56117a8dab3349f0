import Foundation
import Logging
import Primitives
import Storage
import Testing

@testable import feesvc

/// A database on which a path of money is walked, copies of it on which services crash, and the wire between.
struct CrashSite {
    private let server: String
    private let directory: String
    private let wire: Wire
    private let admin: PostgresPool
    private let start: String
    private var walked: String { start + "_walked" }
    private var ahead: String { start + "_ahead" }

    /// Runs `body` with a new instance that has made one charge at too high a price.
    static func run(_ path: MoneyPath, _ body: (CrashSite) async throws -> Void) async throws {
        guard let server = ProcessInfo.processInfo.environment["FEESVC_TEST_DATABASE"],
            let host = server.split(separator: " ").first(where: { $0.hasPrefix("host=") })?.dropFirst(5)
        else { throw ServiceFixture.NoServer() }
        try await ServiceFixture.run { fixture in
            try await path.payTooMuch(fixture)
            let name = try #require(
                fixture.configuration.connectionString.split(separator: "dbname=").last.map(String.init))
            let wire = try Wire(folder: fixture.directory + "/wire", server: String(host))
            let site = CrashSite(
                server: server, directory: fixture.directory, wire: wire,
                admin: PostgresPool(
                    configuration: PostgresConfiguration(connectionString: server, maximumConnections: 1)),
                start: name)
            var failure: (any Error)?
            do {
                try await site.copy(name, to: site.walked)
                try await body(site)
            } catch {
                failure = error
            }
            wire.close()
            for database in [site.walked, site.ahead] { try await site.drop(database) }
            await site.admin.close()
            if let failure { throw failure }
        }
    }

    /// Walks the whole path on a copy without restarts; what the database holds after each act. So many ask for each act
    /// at once, and after it `body` may ask for more.
    func walk(
        _ acts: [MoneyAct], askers: Int = 1, then body: (CrashingService, Int) async throws -> Void = { _, _ in }
    ) async throws -> [MoneyState] {
        try await onCopy(of: start) { service in
            var states: [MoneyState] = []
            for (place, act) in acts.enumerated() {
                try await service.perform(act, askers: askers)
                states.append(try await service.state())
                try await body(service, place)
            }
            try await service.checkBooks()
            return states
        }
    }

    /// Does an act after a restart, on a copy of what was walked so far; ``accept()`` makes that what was walked.
    func advance(_ act: MoneyAct) async throws -> (state: MoneyState, steps: [Wire.Step]) {
        try await copy(walked, to: ahead)
        return try await on(ahead) { service in
            wire.begin(nil)
            try await service.perform(act)
            let steps = wire.sofar.steps
            return (try await service.state(), steps)
        }
    }

    /// Goes on from where ``advance(_:)`` has come.
    func accept() async throws {
        try await drop(walked)
        try await admin.execute("ALTER DATABASE \(unescaped: ahead) RENAME TO \(unescaped: walked)")
    }

    /// Starts a service on a copy, and once more where the first start fails; tells the first one's steps.
    func open(_ fault: Wire.Fault?) async throws -> (state: MoneyState, steps: [Wire.Step]) {
        try await onCopy(of: start, fault) { service in
            let steps = wire.sofar.steps
            #expect(wire.sofar.isBroken == (fault != nil))
            try await service.fixture.service.doWhatIsDue()
            return (try await service.state(), steps)
        }
    }

    /// Does an act with a crash, and acts after it, on a copy of what was walked so far.
    func crash(
        _ act: MoneyAct, _ fault: Wire.Fault, restarts: Bool, _ further: some Sequence<MoneyAct>, _ about: Comment
    ) async throws -> MoneyState {
        try await onCopy(of: walked) { service in
            wire.begin(fault)
            try await service.perform(act, restarts: restarts)
            #expect(wire.sofar.isBroken, about)
            for act in further { try await service.perform(act) }
            return try await service.state()
        }
    }

    private func onCopy<Value>(
        of database: String, _ fault: Wire.Fault? = nil, _ body: (inout CrashingService) async throws -> Value
    ) async throws -> Value {
        let name = start + "_copy"
        try await copy(database, to: name)
        var result: Result<Value, any Error>
        do {
            result = .success(try await on(name, fault, body))
        } catch {
            result = .failure(error)
        }
        try await drop(name)
        return try result.get()
    }

    private func on<Value>(
        _ database: String, _ fault: Wire.Fault? = nil, _ body: (inout CrashingService) async throws -> Value
    ) async throws -> Value {
        wire.begin(fault)
        let configuration = PostgresConfiguration(
            connectionString: "host=\(wire.folder) user=feesvc dbname=\(database)", maximumConnections: 4)
        var service = try await CrashingService(configuration, directory: directory, wire: wire)
        do {
            let value = try await body(&service)
            await service.fixture.close()
            return value
        } catch {
            await service.fixture.close()
            throw error
        }
    }

    private func copy(_ database: String, to name: String) async throws {
        try await admin.execute("CREATE DATABASE \(unescaped: name) TEMPLATE \(unescaped: database)")
    }

    private func drop(_ database: String) async throws {
        try await admin.execute("DROP DATABASE IF EXISTS \(unescaped: database) WITH (FORCE)")
    }
}

/// A service that may lose its connections, and those who ask it until they have an answer.
struct CrashingService {
    private(set) var fixture: ServiceFixture
    private let wire: Wire

    init(_ configuration: PostgresConfiguration, directory: String, wire: Wire) async throws {
        self.wire = wire
        do {
            fixture = try await ServiceFixture.open(configuration, directory: directory)
        } catch  where wire.sofar.isBroken {
            wire.hangUp()
            fixture = try await ServiceFixture.open(configuration, directory: directory)
        }
    }

    /// Does an act. Where no answer comes, the service is restarted or not, and the act is asked for once more.
    mutating func perform(_ act: MoneyAct, restarts: Bool = false) async throws {
        var isRepeated = false
        while true {
            do {
                try await attempt(act, isRepeated: isRepeated)
                return
            } catch let error as PostgresError where !isRepeated && wire.sofar.isBroken {
                guard error != .closed else { throw error }
                isRepeated = true
                if restarts { try await restart() }
            }
        }
    }

    /// Does an act that several ask for at once.
    func perform(_ act: MoneyAct, askers: Int) async throws {
        fixture.service.clock.move(to: ServiceFixture.start + act.time)
        let fixture = fixture
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<askers {
                group.addTask {
                    do {
                        try await act.body(fixture)
                    } catch let refusal as Refusal where askers > 1 && act.decided.contains(refusal.code) {}
                }
            }
            try await group.waitForAll()
        }
        try await fixture.service.doWhatIsDue()
    }

    private func attempt(_ act: MoneyAct, isRepeated: Bool) async throws {
        fixture.service.clock.move(to: ServiceFixture.start + act.time)
        do {
            try await act.body(fixture)
        } catch let refusal as Refusal where isRepeated && act.decided.contains(refusal.code) {}
        try await fixture.service.doWhatIsDue()
    }

    /// What was in memory is gone, and so are all connections.
    private mutating func restart() async throws {
        wire.hangUp()
        await fixture.close()
        fixture = try await ServiceFixture.open(fixture.configuration, directory: fixture.directory)
        try await fixture.service.recallChannels()
    }

    func state() async throws -> MoneyState { try await MoneyState(fixture.pool) }

    /// The books are good and tied to the log.
    func checkBooks() async throws {
        let outcome = try await fixture.service.read {
            try await BooksCheck($0, noted: fixture.service.heads.end.journal).run()
        }
        #expect(outcome.edges == 3)
    }
}
