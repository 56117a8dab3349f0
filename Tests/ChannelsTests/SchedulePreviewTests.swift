import Channels
import Foundation
import Primitives
import Testing

@Suite struct SchedulePreviewTests {
    @Test func `previews show the prices of the vectors, as JSON and as a table`() throws {
        let vectors = try Vector.file(.schedule)["previews"].list
        #expect(vectors.count == 4)
        for vector in vectors {
            let preview = SchedulePreview(
                inForce: try ChannelForms.schedule(vector["inForce"]),
                proposed: try ChannelForms.schedule(vector["proposed"]))
            let json = try JSONDecoder().decode(Vector.self, from: try JSONEncoder().encode(preview))
            #expect(json == (try vector["preview"]))

            let rows = try vector["preview"]["rows"].list
            #expect(preview.cells.count == 16)
            for (cells, row) in zip(preview.cells, rows) {
                #expect(cells.count == SchedulePreview.columns.count)
                #expect(
                    cells == [
                        "\(try row["bytes"].u32)", "\(try row["days"].u32)",
                        try row["withPostage"].flag ? "yes" : "no", "\(try row["congestionUnits"].u8)",
                        try Self.text(row["inForce"]), try Self.text(row["proposed"]),
                    ])
            }
        }
    }

    private static func text(_ quote: Vector) throws -> String {
        let refused = try quote.members["refused"]
        return try refused?.text ?? quote["total"].text
    }

    @Test func `the page's example stands in the preview`() {
        let preview = SchedulePreview(inForce: TestChannel.schedule(), proposed: TestChannel.schedule(base: 1))
        #expect(SchedulePreview.columns == ["bytes", "days", "postage", "congestion_units", "in_force", "proposed"])
        #expect(preview.cells[4] == ["1024", "60", "no", "0", "39851680", "1351681"])
    }
}
