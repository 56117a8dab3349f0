import CXlsxWriter

/// How cells look. Owned by the workbook, and valid as long as it is.
struct CellFormats {
    /// Column names, titles and totals.
    let bold: UnsafeMutablePointer<lxw_format>
    /// Counts of the smallest unit.
    let number: UnsafeMutablePointer<lxw_format>
    /// The same in a line of totals.
    let total: UnsafeMutablePointer<lxw_format>
    /// Moments in UTC.
    let moment: UnsafeMutablePointer<lxw_format>

    init?(_ workbook: UnsafeMutablePointer<lxw_workbook>) {
        guard let bold = workbook_add_format(workbook), let number = workbook_add_format(workbook),
            let total = workbook_add_format(workbook), let moment = workbook_add_format(workbook)
        else { return nil }
        format_set_bold(bold)
        format_set_num_format(number, "#,##0")
        format_set_num_format(total, "#,##0")
        format_set_bold(total)
        format_set_top(total, UInt8(LXW_BORDER_THIN.rawValue))
        format_set_num_format(moment, "yyyy-mm-dd hh:mm:ss")
        self.bold = bold
        self.number = number
        self.total = total
        self.moment = moment
    }
}
