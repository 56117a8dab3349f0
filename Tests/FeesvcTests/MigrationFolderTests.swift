import Foundation
import Migrations
import Testing

struct MigrationFolderTests {
    @Test func `the program holds every migration of the folder, byte for byte`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../migrations").path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".sql") }.sorted()
        #expect(files == Migrations.all.map { $0.name + ".sql" })
        for migration in Migrations.all {
            #expect(
                try String(contentsOfFile: folder + "/" + migration.name + ".sql", encoding: .utf8) == migration.sql)
        }
    }
}
