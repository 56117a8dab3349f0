import FoundationEssentials

/// One numbered step of the schema, forward only.
public struct Migration: Sendable, Equatable {
    /// Its place in the order, from 1 without gaps.
    public let number: Int

    /// What it does, in lower-case letters, digits and underscores.
    public let name: String

    /// The statements, run as one transaction; they must not begin or end transactions themselves.
    public let sql: String

    /// Makes a migration; ``MigrationRunner`` checks that a list of them is in order.
    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// `NNNN_name.sql`.
    public var fileName: String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_\(name).sql"
    }
}

extension Migration {
    /// Reads the `NNNN_name.sql` files of a directory, in order.
    ///
    /// Files that do not end in `.sql` are passed over.
    static func load(directory: String) throws(MigrationError) -> [Migration] {
        guard let files = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw .unreadable(path: directory)
        }
        var migrations: [Migration] = []
        for file in files.sorted() where file.hasSuffix(".sql") {
            guard let (number, name) = parse(fileName: file) else { throw .badFileName(file: file) }
            let path = "\(directory)/\(file)"
            guard let data = FileManager.default.contents(atPath: path),
                let sql = String(validating: data, as: UTF8.self)
            else { throw .unreadable(path: path) }
            migrations.append(Migration(number: number, name: name, sql: sql))
        }
        return migrations
    }

    private static func parse(fileName: String) -> (number: Int, name: String)? {
        let stem = Array(fileName.utf8.dropLast(4))
        guard stem.count > 5, stem[4] == UInt8(ascii: "_") else { return nil }
        let digits = stem[..<4]
        let name = stem[5...]
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let isLetter: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        guard digits.allSatisfy(isDigit), name.allSatisfy({ isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "_") })
        else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return (number, String(decoding: name, as: UTF8.self))
    }
}
