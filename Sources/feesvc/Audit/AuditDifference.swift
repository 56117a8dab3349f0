/// The first place where what was exported is not what follows from its inputs.
struct AuditDifference: Error, CustomStringConvertible, Equatable {
    /// Where: a file, a leaf, an entry.
    let place: String
    /// What was compared.
    let what: String
    /// What follows from the inputs.
    let expected: String
    /// What is there.
    let found: String

    init(
        _ place: some CustomStringConvertible, _ what: String, expected: some CustomStringConvertible,
        found: some CustomStringConvertible
    ) {
        self.place = place.description
        self.what = what
        self.expected = expected.description
        self.found = found.description
    }

    var description: String { "\(place): \(what) is \(found), should be \(expected)" }

    /// Runs a check; what is no difference yet (bytes that can't be read, a price that there is not) becomes one.
    static func inPlace<Place: CustomStringConvertible, Value>(
        _ place: @autoclosure () -> Place, _ body: () throws -> Value
    ) throws(AuditDifference) -> Value {
        do {
            return try body()
        } catch let difference as AuditDifference {
            throw difference
        } catch {
            throw AuditDifference(place(), "content", expected: "what the protocol allows", found: "\(error)")
        }
    }

    /// The same difference with its place in a folder.
    func within(_ folder: String) -> AuditDifference {
        AuditDifference("\(folder)/\(place)", what, expected: expected, found: found)
    }

    /// Throws unless both are equal. Nothing is made of place and name where they are.
    static func check<Place: CustomStringConvertible, Value: Equatable & CustomStringConvertible>(
        _ place: @autoclosure () -> Place, _ what: @autoclosure () -> String, expected: Value, found: Value
    ) throws(AuditDifference) {
        guard expected == found else { throw AuditDifference(place(), what(), expected: expected, found: found) }
    }
}
