import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// Shows how far long work is: a bar with rate and time left on a terminal, a line now and then elsewhere.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var shown = 0
        var lastShown: ContinuousClock.Instant
    }

    private let total: Int
    private let unit: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let begin = ContinuousClock.now
    private let state: Mutex<State>

    /// `unit` says what is counted, in the plural.
    init(total: Int, unit: String) {
        self.total = total
        self.unit = unit
        state = Mutex(State(lastShown: begin - .seconds(1)))
    }

    /// Says something that stays on the screen.
    func say(_ text: String) {
        write((isTerminal ? "\r\u{1b}[K" : "") + text + "\n")
    }

    /// Counts what is done; `note` stands at the end of the line.
    func advance(by count: Int, note: String = "") {
        let line = state.withLock { state -> String? in
            state.done += count
            let now = ContinuousClock.now
            let isDue =
                isTerminal
                ? now - state.lastShown > .milliseconds(100)
                : (state.done - state.shown) * 10 >= total || state.done == total
            guard isDue || state.done == total, state.done != state.shown else { return nil }
            state.lastShown = now
            state.shown = state.done
            return render(state.done, at: now, note: note)
        }
        if let line {
            write(isTerminal ? "\r\u{1b}[K" + line + (state.withLock { $0.done } == total ? "\n" : "") : line + "\n")
        }
    }

    private func render(_ done: Int, at now: ContinuousClock.Instant, note: String) -> String {
        let seconds = Double((now - begin).components.seconds) + Double((now - begin).components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let left = rate > 0 ? Int(Double(total - done) / rate) : 0
        let share = total > 0 ? done * 100 / total : 100
        let text =
            "\(done) of \(total) \(unit) (\(share) %), \(Int(rate)) a second, \(left) s left\(note.isEmpty ? "" : ", ")\(note)"
        guard isTerminal else { return text }
        let filled = total > 0 ? done * 30 / total : 30
        return "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: 30 - filled) + "] " + text
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
