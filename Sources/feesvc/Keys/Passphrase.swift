import Foundation
import Payer

#if canImport(Glibc)
import Glibc
#endif

/// Where a passphrase comes from: a file, or a person at a terminal.
enum Passphrase {
    private static let bytesMax = 1_024

    /// Reads the file, or asks. A new passphrase is asked for twice.
    static func read(file: String?, for what: String, isNew: Bool = false) throws -> String {
        if let file {
            let bytes = try PrivateFile(path: file).read(bytesMax: bytesMax)
            guard var text = String(validating: bytes, as: UTF8.self) else {
                throw OperatorError("\(file) is not UTF-8 text; a passphrase file holds one line.")
            }
            if text.hasSuffix("\n") { text.removeLast() }
            if text.hasSuffix("\r") { text.removeLast() }
            guard !text.isEmpty, !text.contains("\n") else {
                throw OperatorError("\(file) must hold the passphrase in one line, and nothing else.")
            }
            return text
        }
        let first = try ask("Passphrase \(what): ")
        guard isNew else { return first }
        guard !first.isEmpty else { throw OperatorError("An empty passphrase protects nothing; choose another.") }
        guard try ask("The same again: ") == first else {
            throw OperatorError("The two passphrases differ; nothing was made.")
        }
        return first
    }

    /// Asks at the terminal without showing what is typed.
    private static func ask(_ prompt: String) throws -> String {
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else {
            throw OperatorError("There is no terminal to ask for the passphrase; name its file with --passphrase-file.")
        }
        defer { close(terminal) }
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else {
            throw OperatorError("The terminal can't be told to hide what is typed; use --passphrase-file.")
        }
        var hidden = before
        // Without ISIG a Ctrl-C is a character: the terminal is never left without echo.
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        tcsetattr(terminal, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(terminal, TCSAFLUSH, &before)
            write("\n", to: terminal)
        }
        write(prompt, to: terminal)
        return try readLine(terminal)
    }

    private static func readLine(_ terminal: Int32) throws -> String {
        var typed: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let count = Glibc.read(terminal, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count == 1, byte != 3, byte != 4 else { throw CancellationError() }
            switch byte {
            case 10, 13:
                guard let text = String(validating: typed, as: UTF8.self) else {
                    throw OperatorError("What was typed is not UTF-8.")
                }
                return text
            case 8, 127:
                while let last = typed.popLast(), last & 0xc0 == 0x80 {}
            default:
                guard typed.count < bytesMax else { throw OperatorError("A passphrase has at most \(bytesMax) bytes.") }
                typed.append(byte)
            }
        }
    }

    private static func write(_ text: String, to terminal: Int32) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(terminal, $0.baseAddress, $0.count) }
    }
}
