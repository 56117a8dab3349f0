import Channels
import Primitives
import Testing

@Suite struct FormTests {
    private static func forms() throws -> [Vector] { try Vector.file(.protocol)["forms"].list }

    /// The forms of a tag; those without one travel inside a frame or a request.
    private static func forms(tag: String) throws -> [Vector] {
        try forms().filter { (try? $0["tag"].text)?.hasPrefix("feesvc/\(tag)/") == true }
    }

    @Test(arguments: ChannelForms.written.keys.sorted())
    func `fields are written as the vector's bytes`(_ tag: String) throws {
        let write = try #require(ChannelForms.written[tag])
        let forms = try Self.forms(tag: tag)
        #expect(!forms.isEmpty)
        for form in forms {
            let written = try write(form["fields"])
            #expect(written == (try form["bytes"].bytes), "\(form.title)")
            #expect(SHA256.hash(written) == (try form["sha256"].word), "\(form.title)")
        }
    }

    @Test(arguments: ChannelForms.read.keys.sorted())
    func `the vector's bytes are read, and written again as they were`(_ tag: String) throws {
        let rewrite = try #require(ChannelForms.read[tag])
        let forms = try Self.forms(tag: tag)
        #expect(!forms.isEmpty)
        for form in forms {
            let bytes = try form["bytes"].bytes
            #expect(try rewrite(bytes) == bytes, "\(form.title)")
        }
    }

    @Test(arguments: ChannelForms.read.keys.sorted())
    func `bytes cut anywhere, or one byte longer, are refused`(_ tag: String) throws {
        let rewrite = try #require(ChannelForms.read[tag])
        let shortest = try Self.forms(tag: tag).map { try $0["bytes"].bytes }.min { $0.count < $1.count }
        let bytes = try #require(shortest)
        for count in 0..<bytes.count {
            #expect(throws: (any Error).self, "first \(count) bytes") { try rewrite(Array(bytes[..<count])) }
        }
        for more: UInt8 in [0, 1, 255] {
            #expect(throws: (any Error).self, "and \(more)") { try rewrite(bytes + [more]) }
        }
    }

    @Test(arguments: ChannelForms.hashed.keys.sorted())
    func `fields are hashed as the vector says`(_ tag: String) throws {
        let hash = try #require(ChannelForms.hashed[tag])
        let forms = try Self.forms(tag: tag)
        #expect(!forms.isEmpty)
        for form in forms {
            #expect(try hash(form["fields"]) == form["sha256"].word, "\(form.title)")
        }
    }

    @Test(arguments: ChannelForms.drafted.keys.sorted())
    func `a body's draft names the kind of the vector's leaf`(_ tag: String) throws {
        let draft = try #require(ChannelForms.drafted[tag])
        for form in try Self.forms(tag: tag) {
            #expect(try draft(form["fields"]).body == form["bytes"].bytes, "\(form.title)")
        }
        let bodies = try Self.forms(tag: tag).map { try $0["bytes"].bytes }
        let leaves = try Self.forms(tag: "leaf").filter { bodies.contains(try $0["fields"]["body"].bytes) }
        #expect(!leaves.isEmpty)
        for leaf in leaves {
            let form = try #require(
                try Self.forms(tag: tag).first { try $0["bytes"].bytes == leaf["fields"]["body"].bytes })
            #expect(try draft(form["fields"]).kind.rawValue == leaf["fields"]["kind"].u16)
        }
    }

    @Test func `the kinds of leaves are those of the page`() throws {
        let kinds = try Self.forms(tag: "leaf").map { try $0["fields"]["kind"].u16 }
        #expect(Set(kinds) == Set(1...27))
        #expect(LeafKind.allCases.map(\.rawValue).sorted() == Array(1...30))
        for kind: UInt16 in [0, 31, .max] { #expect(LeafKind(rawValue: kind) == nil) }
    }

    @Test func `leaves hash as RFC 6962 says`() throws {
        for form in try Self.forms(tag: "leaf") {
            let leaf = try LogLeaf(canonicalBytes: form["bytes"].bytes)
            #expect(leaf.hash == (try form["leafHash"].word), "\(form.title)")
        }
    }

    @Test func `signed bytes and attestations come apart into what they were made of`() throws {
        for form in try Self.forms(tag: "signed") {
            let (bytes, signature) = try LogBody.readSigned(form["bytes"].bytes)
            #expect(bytes == (try form["fields"]["statement"].bytes))
            #expect(signature == (try form["fields"]["signature"].signature))
        }
        for form in try Self.forms(tag: "attestation") {
            let read = try LogBody.readAttestation(form["bytes"].bytes)
            #expect(read.epoch == (try form["fields"]["epoch"].u64))
            #expect(read.operatorAddress == (try form["fields"]["operator"].address))
            #expect(read.signature == (try form["fields"]["signature"].signature))
        }
    }

    @Test func `a full envelope is its head and payload, each with its length`() throws {
        let forms = try Self.forms().filter { try $0["name"].text.hasPrefix("full envelope") }
        #expect(forms.count == 3)
        for form in forms {
            let head = try EnvelopeHead(canonicalBytes: form["fields"]["head"].bytes)
            let payload = try form["fields"]["payload"].bytes
            let envelope = try #require(Envelope(head: head, payload: payload))
            var encoder = CanonicalEncoder()
            envelope.write(to: &encoder)
            #expect(encoder.bytes == (try form["bytes"].bytes))
            let sealed = Envelope(topic: head.topic, expiryDay: head.expiryDay, salt: head.salt, payload: payload)
            #expect(sealed == envelope)
            #expect(Envelope(head: head, payload: payload + [0]) == nil)
            if !payload.isEmpty {
                #expect(Envelope(head: head, payload: Array(payload.dropLast())) == nil)
                #expect(Envelope(head: head, payload: [payload[0] ^ 1] + payload.dropFirst()) == nil)
            }
        }
    }
}
