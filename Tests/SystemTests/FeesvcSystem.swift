import Testing

/// Tests of the built program from outside: its arguments, exit codes, files and HTTP answers.
///
/// One after the other: each starts several processes, and the machine that runs them may have two cores.
@Suite("feesvc from outside", .serialized)
enum FeesvcSystem {}
