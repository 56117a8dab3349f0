import Primitives

/// How long to wait before dialling again: twice as long each time, to a cap, with seeded jitter.
struct Backoff {
    private let first: Duration
    private let cap: Duration
    private var next: Duration
    private var generator: SplitMix64

    init(first: Duration, cap: Duration, seed: UInt64) {
        self.first = first
        self.cap = cap
        next = first
        generator = SplitMix64(seed: seed)
    }

    /// The next wait: between half and all of the current step.
    mutating func delay() -> Duration {
        let step = next
        next = min(cap, next * 2)
        return step / 2 + step / 2 * Double.random(in: 0...1, using: &generator)
    }

    /// Starts from the first step again, after a connection that worked.
    mutating func reset() { next = first }
}
