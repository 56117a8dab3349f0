import Glibc
import ReportSamples
import Reports
import Rewards

// report-sample KIND ENTRIES FOLDER [FORMAT...]
// Writes a made-up report into a folder, and prints seconds and the largest memory in use.
let arguments = CommandLine.arguments
guard arguments.count >= 4, let kind = SampleKind(rawValue: arguments[1]), let count = Int(arguments[2]) else {
    print("report-sample \(SampleKind.allCases.map(\.rawValue).joined(separator: "|")) ENTRIES FOLDER [FORMAT...]")
    exit(64)
}
let folder = arguments[3]
let all = ["json", "csv", "hledger", "ledger", "beancount", "xlsx"]
let formats = arguments.count > 4 ? Array(arguments[4...]) : all

let sample = try SampleReport(kind, count: count)
var writers: [any ReportWriter] = []
for format in formats {
    let path = "\(folder)/report.\(format)"
    switch format {
    case "none": break
    case "json": writers.append(JSONReport(to: try FileSink(path)))
    case "xlsx": writers.append(try XLSXReport(path: path, temporaryFolder: folder))
    case "split":
        writers.append(
            try XLSXReport(path: "\(folder)/report.xlsx", temporaryFolder: folder, journalRowsMax: 100))
    case "csv":
        writers.append(CSVJournal(to: try FileSink("\(folder)/journal.csv")))
        for schedule in sample.report.schedules {
            try FileSink("\(folder)/\(schedule.table.name).csv").append(CSVText.table(schedule.table))
        }
    default:
        guard let tool = PlainTextJournal.Tool(rawValue: format) else { exit(64) }
        writers.append(PlainTextJournal(tool, to: try FileSink(path)))
    }
}
let clock = ContinuousClock()
let seconds = try clock.measure { try sample.write(writers) }
print("\(formats.joined(separator: " ")): \(seconds)")
