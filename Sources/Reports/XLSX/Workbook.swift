import CXlsxWriter
import Glibc

/// A workbook under way in libxlsxwriter's constant-memory mode: each sheet's rows go to a temporary file as they come, and
/// are put together when the workbook is closed.
///
/// Sheets may be written side by side; within a sheet, rows come from top to bottom.
final class Workbook {
    private var pointer: UnsafeMutablePointer<lxw_workbook>?
    /// Sheet names are compared without regard to case.
    private var names: Set<String> = ["history"]
    private var sheets: [UnsafeMutablePointer<lxw_worksheet>] = []
    let formats: CellFormats

    /// Begins a workbook that is written to `path` when it is closed; temporary files go into `temporaryFolder`.
    init(path: String, temporaryFolder: String?) throws(ReportError) {
        let folder = temporaryFolder.map { strdup($0) }
        // The library keeps a copy.
        defer { if let folder { free(folder) } }
        // The 64-bit form of zip is left off: some readers don't know it, and a sheet has at most 1,048,576 rows, which are
        // less than the 4 GiB that the plain form holds.
        var options = lxw_workbook_options(constant_memory: 1, tmpdir: folder ?? nil, use_zip64: 0)
        guard let pointer = workbook_new_opt(path, &options), let formats = CellFormats(pointer) else {
            throw .workbook(reason: "out of memory")
        }
        self.pointer = pointer
        self.formats = formats
    }

    deinit {
        // Not closed: something failed, and the temporary files go with it.
        if let pointer { lxw_workbook_free(pointer) }
    }

    /// Adds a sheet behind those before. Its name is the title as far as a sheet may have it.
    func addSheet(_ title: String) throws(ReportError) -> Sheet {
        let name = unusedName(for: title)
        guard let pointer, let sheet = workbook_add_worksheet(pointer, name) else {
            throw .workbook(reason: "sheet \(name) can't be added")
        }
        sheets.append(sheet)
        return Sheet(name: name, pointer: sheet, formats: formats)
    }

    /// Sets what stands in the file's properties. Nothing there comes from the clock.
    func setProperties(title: String, subject: String, created: UInt64) throws(ReportError) {
        guard let pointer else { return }
        let texts = [title, subject, "feesvc"].map { strdup(CellText.escaped($0)) }
        defer { for text in texts { free(text) } }
        var properties = lxw_doc_properties()
        properties.title = texts[0]
        properties.subject = texts[1]
        properties.author = texts[2]
        // Zero would stand for now.
        properties.created = Int(clamping: max(created, 1))
        try Self.require(workbook_set_properties(pointer, &properties))
    }

    /// Adds a chart of a range of cells to a sheet.
    func addChart(
        _ title: String, at place: CellPlace, of sheet: Sheet, categories: CellRange, values: CellRange
    ) throws(ReportError) {
        guard let pointer, let chart = workbook_add_chart(pointer, UInt8(LXW_CHART_COLUMN.rawValue)),
            let series = chart_add_series(chart, nil, nil)
        else { throw .workbook(reason: "chart \(title) can't be added") }
        chart_series_set_categories(
            series, categories.sheet, categories.first.row, categories.first.column, categories.last.row,
            categories.last.column)
        chart_series_set_values(
            series, values.sheet, values.first.row, values.first.column, values.last.row, values.last.column)
        // A title that begins with an equals sign would be taken for the name of a cell.
        chart_title_set_name(chart, (title.utf8.first == 0x3d ? " " : "") + CellText.escaped(title))
        chart_legend_set_position(chart, UInt8(LXW_CHART_LEGEND_NONE.rawValue))
        try Self.require(worksheet_insert_chart(sheet.pointer, place.row, place.column, chart))
    }

    /// Puts the file together.
    func close() throws(ReportError) {
        guard let pointer else { return }
        for sheet in sheets {
            // A full disk shows here and nowhere else: the library does not look at what fprintf returns.
            guard let rows = sheet.pointee.optimize_tmpfile, fflush(rows) == 0, ferror(rows) == 0 else {
                throw .workbook(reason: "a temporary file can't be written")
            }
        }
        self.pointer = nil
        try Self.require(workbook_close(pointer))
    }

    static func require(_ result: lxw_error) throws(ReportError) {
        guard result != LXW_NO_ERROR else { return }
        throw .workbook(reason: lxw_strerror(result).map { String(cString: $0) } ?? "error \(result.rawValue)")
    }

    /// At most 31 UTF-16 units, none of `[]:*?/\`, no apostrophe at an end, and no name twice.
    private func unusedName(for title: String) -> String {
        var name = ""
        for scalar in title.unicodeScalars {
            let isRefused = "[]:*?/\\".unicodeScalars.contains(scalar) || scalar.value < 0x20 || scalar == "'"
            let next = isRefused ? " " : String(scalar)
            guard name.utf16.count + next.utf16.count <= 25 else { break }
            name += next
        }
        if name.isEmpty { name = "Sheet" }
        var number = 1
        var unused = name
        while !names.insert(unused.lowercased()).inserted {
            number += 1
            unused = "\(name) \(number)"
        }
        return unused
    }
}
