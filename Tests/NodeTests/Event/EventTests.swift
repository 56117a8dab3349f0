import Primitives
import Testing

@testable import Node

@Suite struct EventTests {
    @Test(arguments: Vectors.forms(tag: "feesvc/event/1").map(\.name))
    func `events have the bytes and ids of the vectors`(_ name: String) throws {
        let form = try #require(Vectors.all.forms.first { $0.name == name })
        let event = try Event(canonicalBytes: form.raw)
        #expect(event.canonicalBytes == form.raw)
        #expect(event.id.hex == form.sha256)
    }

    @Test func `an event on the wire is signed by the key of the vectors`() throws {
        for name in ["event 1", "event 2", "event 3"] {
            let statement = try #require(Vectors.all.statements.first { $0.name == name })
            let form = try #require(Vectors.all.forms.first { $0.name == name + " on the wire" })
            var reader = WireReader(form.raw)
            let bytes = try reader.bytes(limit: Event.bytesMax)
            let signed = try SignedEvent(bytes: bytes, signature: try reader.signature())
            let domain = EIP712Domain(
                chainID: Bytes32(integer: 31_337),
                verifyingContract: try #require(Address(hex: "0x5fbdb2315678afecb367f032d93f642f64180aa3"))
            )
            #expect(domain.digest(of: EventStatement(id: signed.id)).hex == statement.digest)
            #expect(signed.isBy(try #require(Address(hex: "0xdf022870125e66532311cd04b607a9a62debdc58")), in: domain))
        }
    }

    @Test func `roots of sets are those of the vectors`() throws {
        for form in Vectors.forms(tag: "feesvc/set/1") {
            var decoder = try CanonicalDecoder(form.raw, tag: "feesvc/set/1")
            let ids = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in try decoder.readBytes32() }
            #expect(SetRoot.of(ascending: ids).hex == form.sha256, "\(form.name)")
        }
    }

    @Test func `links out of order, twice or too many, sequence zero and a false predecessor are refused`() {
        let one = Bytes32(integer: 1)
        let two = Bytes32(integer: 2)
        func refusal(_ links: [Bytes32], sequence: UInt64 = 2, previous: Bytes32 = Bytes32(integer: 9))
            -> CanonicalError?
        {
            var encoder = CanonicalEncoder(tag: "feesvc/event/1")
            encoder.append(1 as UInt32)
            encoder.append(sequence)
            encoder.append(previous)
            encoder.append(one)
            encoder.append(list: links) { $0.append($1) }
            encoder.append(one)
            encoder.append([] as [UInt8])
            do {
                _ = try Event(canonicalBytes: encoder.bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal([one, two]) == nil)
        #expect(refusal([two, one]) == .outOfRange(field: "links"))
        #expect(refusal([one, one]) == .outOfRange(field: "links"))
        #expect(refusal((0..<17).map { Bytes32(integer: UInt128($0)) }) == .tooLong(limit: 16, found: 17))
        #expect(refusal([], sequence: 0) == .outOfRange(field: "sequence"))
        #expect(refusal([], sequence: 1 << 63) == .outOfRange(field: "sequence"))
        #expect(refusal([], sequence: 1) == .outOfRange(field: "previous"))
        #expect(refusal([], sequence: 2, previous: .zero) == .outOfRange(field: "previous"))
        #expect(refusal([], sequence: 1, previous: .zero) == nil)
    }
}
