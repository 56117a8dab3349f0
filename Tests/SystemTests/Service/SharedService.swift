import Testing

/// One service for all tests that only speak to it.
struct SharedService {
    let process: ServiceProcess
    /// The folder that it runs in.
    let workshop: Workshop

    @TaskLocal static var current: SharedService?

    /// The service that the suite's trait provides.
    static func get() throws -> ServiceProcess {
        try #require(current, "the suite carries .sharedService").process
    }

    /// The folder of the service that the suite's trait provides.
    static func folder() throws -> Workshop {
        try #require(current, "the suite carries .sharedService").workshop
    }
}

/// Starts `feesvc serve` before a suite's tests, stops it with SIGTERM after them and looks that nothing is left.
struct SharedServiceTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Workshop.with { workshop in
            let process = try await ServiceProcess.start(in: workshop)
            try await SharedService.$current.withValue(SharedService(process: process, workshop: workshop)) {
                try await function()
            }
            try await process.stop(in: workshop)
        }
    }
}

extension Trait where Self == SharedServiceTrait {
    /// Gives a suite's tests a running service.
    static var sharedService: Self { Self() }
}

extension FeesvcSystem {
    /// The fee service over HTTP.
    @Suite("the service over HTTP", .sharedService)
    enum Service {}
}
