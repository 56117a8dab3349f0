/// As in Sources/feesvc/Export/EpochExport.swift, which needs the database.
struct OperatorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
