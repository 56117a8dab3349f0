import Foundation

/// The seeds of laws on whole services: `FEESVC_SEED` is the first, `FEESVC_EXAMPLES` how many there are.
enum LawSeeds {
    static let all: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["FEESVC_SEED"].flatMap { UInt64($0) } ?? 1
        return (0..<(environment["FEESVC_EXAMPLES"].flatMap { UInt64($0) } ?? 3)).map { first &+ $0 }
    }()
}
