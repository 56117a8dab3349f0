import Channels
import Primitives
import Synchronization

@testable import Node

/// What a run of the simulator is made of.
struct Scenario: Sendable {
    /// How many honest nodes.
    var honest = 3
    /// The Byzantine peers beside them.
    var byzantine: [Behaviour] = []
    /// Whether an originator contradicts itself towards them.
    var hasForger = false
    /// How many steps before everything heals.
    var steps = 120
    /// The part of pushed frames that is lost, in 100.
    var loss = 30
    /// The network's shards; where they are held by some nodes only, who is assigned to them changes.
    var sharding = Sharding.none
    /// Whether nodes crash, at any statement.
    var crashes = true
    /// Whether disks fill up.
    var fullDisks = true
    /// Whether the network falls apart.
    var partitions = true
    /// Whether people publish in closed topics, with a right to and without.
    var hasClosedTopics = false
    /// The most hours by which the log's time goes on in one step.
    var hours: UInt64 = 10
    /// How many answers are stored while the next is fetched. Above 0 a seed decides everything but in which order a node's own
    /// tasks reach its store.
    var takes = 0
    /// The most events that wait to be pushed to one peer.
    var queue = 4_096
    /// Whether nodes are told the time late, early, backwards and once of 2038.
    var wildClocks = false
    /// After how many rounds in which each talks to each all have to be equal; `nil` where it takes what it takes.
    var rounds: Int?
}

/// Some nodes, a network and a service, all of it from one seed.
final class World: Sendable {
    struct Message: Sendable {
        let event: Bytes32
        let charge: UInt64
        let envelope: Envelope
        let topic: Topic
    }

    struct State {
        var generator: SplitMix64
        var steps: Int64 = 0
        var time: UInt64
        var groups: [UInt32: Int] = [:]
        var mail: [(from: UInt32, to: UInt32, frame: PeerFrame)] = []
        var acknowledged: [Message] = []
        /// Hashes of envelopes that may stand in their closed topics, and of those that may not.
        var rightful: Set<Bytes32> = []
        var wrongful: Set<Bytes32> = []
        /// Those of the originator that contradicts itself.
        var forged: [Message] = []
        /// Whose deletion was ordered, and of these, for which the order was taken.
        var ordered: Set<UInt64> = []
        var deleted: Set<UInt64> = []
        var envelopes: UInt64 = 0
        var tasks = 0
        /// The nodes of the epoch's snapshot.
        var members: [UInt32] = []
        /// The highest floor of each node so far, and what was wrong on the way.
        var floors: [UInt32: UTCDay] = [:]
        var violations: [String] = []
        var trace: [String] = []
    }

    static let owners = (1...3).map { SecretKey(seed: UInt64($0), label: "owner") }

    let scenario: Scenario
    let network: TestNetwork
    let turnstile = Turnstile()
    let nodes: [SimulatedNode]
    let registry: [RegisteredNode]
    let claims: [UInt32: FetchClaims]
    let forger: UInt32
    let state: Mutex<State>

    init(_ scenario: Scenario, seed: UInt64) {
        self.scenario = scenario
        let count = UInt32(scenario.honest + scenario.byzantine.count)
        let state = Mutex(State(generator: SplitMix64(seed: seed), time: TestLog.start + 3_600))
        forger = count + 1
        let network = TestNetwork(sharding: scenario.sharding)
        self.network = network
        nodes = (1...count).map { number in
            var configuration = network.configuration(number)
            configuration.limits.chainTimeout = .zero
            configuration.limits.pushQueueEvents = scenario.queue
            configuration.sketchKey = SipHash.seeded(seed << 8 | UInt64(number))
            let place = Int(number) - 1 - scenario.honest
            return SimulatedNode(configuration, behaviour: place >= 0 ? scenario.byzantine[place] : nil)
        }
        registry = (1...count + 1).map { network.registered($0, port: 1) }
        let clock = SimulatedClock()
        self.clock = clock
        claims = Dictionary(
            uniqueKeysWithValues: (1...count).map { number in
                (number, FetchClaims(lifetime: .milliseconds(40)) { clock.now })
            })
        self.state = state
    }

    private let clock: SimulatedClock

    var honest: [SimulatedNode] { nodes.filter { $0.behaviour == nil } }

    func random<T: FixedWidthInteger & Sendable>(_ range: Range<T>) -> T {
        state.withLock { T.random(in: range, using: &$0.generator) }
    }

    func chance(_ percent: Int) -> Bool { random(0..<100) < percent }

    func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[random(0..<elements.count)]
    }

    func node(_ number: UInt32) -> SimulatedNode { nodes[Int(number) - 1] }

    /// Whether two nodes can reach each other.
    func isJoined(_ one: UInt32, _ other: UInt32) -> Bool {
        state.withLock { $0.groups[one, default: 0] == $0.groups[other, default: 0] }
    }

    func lie(_ behaviour: Behaviour, _ honest: PeerAnswer, to question: PeerQuestion) -> PeerAnswer? {
        state.withLock { behaviour.answer(honest, to: question, &$0.generator) }
    }

    var trace: [String] { state.withLock { $0.trace } }

    func note(_ line: String) { state.withLock { $0.trace.append(line) } }

    /// Time that passes with each step.
    func tick() {
        clock.advance()
        state.withLock { $0.steps += 1 }
    }
}

/// The time in which claims expire: a millisecond a step.
final class SimulatedClock: Sendable {
    private let steps = Atomic<Int64>(0)

    var now: Duration { .milliseconds(steps.load(ordering: .relaxed)) }

    func advance() { _ = steps.wrappingAdd(1, ordering: .relaxed) }
}
