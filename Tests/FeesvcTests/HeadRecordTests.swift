import Channels
import Foundation
import Ledger
import Primitives
import Testing

@testable import feesvc

struct HeadRecordTests {
    private let signed = SignedHead(
        head: LogHead(logID: SHA256.hash([1]), size: 9, root: SHA256.hash([2]), time: 3, epoch: 4),
        signature: SecretKey(seed: 1, label: "log").sign(SHA256.hash([5])))

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "/tmp/feesvc-\(UUID().uuidString.lowercased())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func `what was shown last is kept with the journal's end, and read again`() throws {
        try withFolder { folder in
            let record = HeadRecord(directory: folder)
            #expect(try record.read() == nil)
            for number: UInt64 in [7, 8] {
                let end = ShownEnd(head: signed, journal: EntryAnchor(number: number, hash: SHA256.hash([6])))
                try record.keep(end)
                #expect(try record.read() == end)
            }
        }
    }

    @Test func `a record of before the journal's end was kept is still a witness, and a damaged one is none`() throws {
        try withFolder { folder in
            var encoder = CanonicalEncoder(tag: "feesvc/shown/1")
            encoder.append(signed.head.canonicalBytes)
            encoder.append(signed.signature)
            let path = folder + "/newest-head"
            for (bytes, isGood) in [(encoder.bytes, true), (encoder.bytes + [0], false), ([], false)] {
                try? FileManager.default.removeItem(atPath: path)
                #expect(
                    FileManager.default.createFile(
                        atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600]))
                let found = try? HeadRecord(directory: folder).read()
                #expect(found == (isGood ? ShownEnd(head: signed, journal: .origin) : nil))
            }
        }
    }
}
