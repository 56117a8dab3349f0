extension EventStore {
    /// Closes the file; whatever is asked afterwards fails. A store that is only dropped closes too.
    func close() { database.close() }
}
