import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct StoreOpeningTests {
    private let network = TestNetwork()

    private func refusal(_ configuration: NodeConfiguration) async -> NodeError? {
        do throws(NodeError) {
            _ = try await EventStore.open(configuration)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a directory of another network, node or key is refused by a sentence that names it`() async throws {
        let configuration = network.configuration(1)
        try await EventStore.open(configuration).close()
        #expect(await refusal(configuration) == nil)
        let directory = configuration.dataDirectory

        var other = configuration
        other.genesis = TestLog(seed: 2).genesis
        let network = await refusal(other)
        #expect(
            network
                == .otherNetwork(
                    directory: directory,
                    found: configuration.genesis.logID,
                    expected: other.genesis.logID
                )
        )

        other = configuration
        other.number = 2
        let node = await refusal(other)
        let address = configuration.key.address
        #expect(
            node
                == .otherNode(
                    directory: directory,
                    found: 1,
                    foundKey: address,
                    expected: 2,
                    expectedKey: address
                )
        )

        other = configuration
        other.key = SecretKey(seed: 99, label: "node")
        let key = await refusal(other)
        guard case .otherNode(directory, 1, address, 1, other.key.address) = key else {
            Issue.record("refused with \(String(describing: key))")
            return
        }
        for error in [network, node, key] {
            let sentence = error?.description ?? ""
            #expect(sentence.contains(directory) && sentence.contains("name"), "\(sentence)")
        }
    }

    @Test func `a store of another format is refused`() async throws {
        let configuration = network.configuration(1)
        try await EventStore.open(configuration).close()
        let database = try SQLiteDatabase(path: configuration.dataDirectory + "/node.sqlite")
        var writer = WireWriter()
        writer.append(1 as UInt64)
        try database.setMeta(.format, writer.bytes)
        database.close()
        #expect(
            await refusal(configuration)
                == .storeFormat(directory: configuration.dataDirectory, found: 1, supported: 4)
        )
    }

    @Test func `a file that is no database, and another program's database, are refused`() async throws {
        let configuration = network.configuration(1)
        let directory = configuration.dataDirectory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let path = directory + "/node.sqlite"
        try Data("this is a text that is long enough to be read as the header of a file".utf8)
            .write(to: URL(filePath: path))
        #expect(await refusal(configuration) == .notAStore(directory: directory))
        try FileManager.default.removeItem(atPath: path)
        let database = try SQLiteDatabase(path: path)
        try database.script("CREATE TABLE songs(name TEXT)")
        database.close()
        let before = try Data(contentsOf: URL(filePath: path))
        #expect(await refusal(configuration) == .notAStore(directory: directory))
        #expect(try Data(contentsOf: URL(filePath: path)) == before, "what is another's is left as it was")
    }

    @Test func `a directory that can't be made is refused`() async throws {
        var configuration = network.configuration(1)
        configuration.dataDirectory = "/proc/nothing/here"
        #expect(
            await refusal(configuration)
                == .directoryUnusable(directory: "/proc/nothing/here", reason: "it can't be made")
        )
    }

    @Test func `a directory that is open is refused, and free again once it is closed`() async throws {
        let configuration = network.configuration(1)
        let store = try await EventStore.open(configuration)
        #expect(await refusal(configuration) == .directoryInUse(directory: configuration.dataDirectory))
        await store.close()
        #expect(await refusal(configuration) == nil)
        // Neither is one that is opened again, and only read.
        let again = try await EventStore.open(configuration)
        #expect(await refusal(configuration) == .directoryInUse(directory: configuration.dataDirectory))
        await again.close()
    }

    @Test func `what was committed is there after a crash at any later moment`() async throws {
        let configuration = network.configuration(1)
        let chain = network.log.unsignedChain(1, count: 40)
        let store = try await EventStore.open(configuration)
        for count in 1...4 {
            _ = try await store.admit(Array(chain.prefix(count * 10)), from: 2, head: chain[count * 10 - 1].head)
            // The files as a crash would leave them: the write-ahead log has not been moved into the database.
            var copied = configuration
            copied.dataDirectory = "\(network.directory.path)/copy\(count)"
            try FileManager.default.copyItem(atPath: configuration.dataDirectory, toPath: copied.dataDirectory)
            let reopened = try await EventStore.open(copied)
            #expect(await reopened.days() == store.days())
            #expect(try await reopened.figures().chains == store.figures().chains)
            #expect(await reopened.newestHead == store.newestHead)
            #expect(try await reopened.topics(after: nil, limit: 9) == store.topics(after: nil, limit: 9))
            #expect(try await reopened.subjects(of: 1) == store.subjects(of: 1))
            _ = try await reopened.admit(chain, from: nil, head: nil)
            #expect(try await reopened.figures().events == 40)
        }
    }

    @Test func `a transaction that fails leaves nothing behind, on disk or in memory`() async throws {
        let configuration = network.configuration(1)
        let chain = network.log.unsignedChain(1, count: 12)
        let store = try await EventStore.open(configuration)
        _ = try await store.admit(Array(chain.prefix(4)), from: nil, head: nil)
        let before = await store.days()
        try await store.limitPages()
        var failure: SQLiteFailure?
        for count in 5...12 where failure == nil {
            let big = network.log.unsignedChain(UInt32(count), count: 400, firstSample: UInt64(count) * 1_000)
            do throws(SQLiteFailure) {
                _ = try await store.admit(big, from: nil, head: nil)
            } catch {
                failure = error
            }
        }
        #expect(failure?.isDiskFull == true)
        #expect(await store.days() == before)
        try await store.liftLimit()
        _ = try await store.admit(chain, from: nil, head: nil)
        #expect(try await store.figures().events == 12)
        await store.close()
        #expect(try await EventStore.open(configuration).figures().events == 12)
    }
}

extension EventStore {
    /// Lets the database grow by some pages only, as a full disk would.
    fileprivate func limitPages() throws {
        let pages = try database.first("PRAGMA page_count") { $0.integer(0) } ?? 0
        _ = try database.rows("PRAGMA max_page_count = \(pages + 40)") { _ in }
    }

    fileprivate func liftLimit() throws {
        _ = try database.rows("PRAGMA max_page_count = 1000000") { _ in }
    }
}
