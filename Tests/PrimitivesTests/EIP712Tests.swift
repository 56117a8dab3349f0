import Primitives
import Testing

@Suite struct EIP712Tests {
    private static func file() throws -> Vector { try Vector.file(.eip712) }

    /// `chainId` of a vector: base-10 text, or a number.
    private static func domain(_ vector: Vector) throws -> EIP712Domain {
        let chain = try vector["chainId"]
        let digits = if case .number(let value) = chain { String(value) } else { try chain.text }
        return EIP712Domain(
            name: try vector["name"].text, version: try vector["version"].text,
            chainID: try #require(Bytes32(decimal: digits)), verifyingContract: try vector["verifyingContract"].address)
    }

    private static func integer(_ vector: Vector) throws -> Bytes32 { try #require(Bytes32(decimal: try vector.text)) }

    /// The struct's hash, put together as a reader of the standard would.
    private static func structHash(_ message: Vector, type: String) throws -> Bytes32 {
        EIP712.hashStruct(
            typeHash: EIP712.typeHash(type),
            words: [
                try message["channelId"].word, try integer(message["lane"]), try integer(message["sequence"]),
                try integer(message["cumulativeAmount"]), try integer(message["validUntil"]),
                try message["itemsHash"].word,
            ])
    }

    @Test func `the types hash as eth-account hashes them`() throws {
        let file = try Self.file()
        #expect(EIP712.typeHash(try file["domainType"].text) == (try file["domainTypeHash"].word))
        #expect(EIP712.typeHash(try file["voucherType"].text) == (try file["voucherTypeHash"].word))
    }

    @Test func `every signed voucher has the vector's separator, struct hash and digest`() throws {
        let file = try Self.file()
        let vouchers = try file["vouchers"].list
        #expect(vouchers.count == 16)
        for vector in vouchers {
            let name = try vector["name"].text
            let domain = try Self.domain(vector["domain"])
            let hash = try Self.structHash(vector["message"], type: try file["voucherType"].text)
            #expect(domain.separator == (try vector["domainSeparator"].word), "\(name)")
            #expect(hash == (try vector["structHash"].word), "\(name)")
            #expect(domain.digest(of: hash) == (try vector["digest"].word), "\(name)")
        }
    }

    @Test func `every voucher's signature is made byte for byte, and recovers its signer`() throws {
        for vector in try Self.file()["vouchers"].list {
            let name = try vector["name"].text
            let digest = try vector["digest"].word
            let key = try vector["privateKey"].secret
            #expect(key.address == (try vector["address"].address), "\(name)")
            #expect(key.address.checksummed == (try vector["address"].text), "\(name)")
            #expect(key.sign(digest).bytes == (try vector["signature"].bytes), "\(name)")
            let signature = try vector["signature"].signature
            #expect(try signature.recover(digest) == vector["recovered"].address, "\(name)")
            #expect(signature.isBy(key.address, over: digest), "\(name)")
            #expect(signature.hex == (try vector["signature"].text), "\(name)")
        }
    }

    @Test func `chain ids above 2^64 and domain names beyond ASCII are among the vectors`() throws {
        let vouchers = try Self.file()["vouchers"].list
        let domains = try vouchers.map { try Self.domain($0["domain"]) }
        #expect(domains.contains { $0.chainID.integer == nil })
        #expect(domains.contains { !$0.name.utf8.allSatisfy { $0 < 128 } })
        #expect(Set(domains).count == 6)
    }

    @Test func `the standard's own example has its separator, digest and signer`() throws {
        let mail = try Self.file()["etherMail"]
        let typed = try mail["typedData"]
        let domain = try Self.domain(typed["domain"])
        #expect(domain.separator == (try mail["domainSeparator"].word))
        let person = "Person(string name,address wallet)"
        func words(_ vector: Vector) throws -> Bytes32 {
            EIP712.hashStruct(
                typeHash: EIP712.typeHash(person),
                words: [Keccak256.hash(Array(try vector["name"].text.utf8)), Bytes32(try vector["wallet"].address)])
        }
        let message = try typed["message"]
        let hash = EIP712.hashStruct(
            typeHash: EIP712.typeHash("Mail(Person from,Person to,string contents)" + person),
            words: [
                try words(message["from"]), try words(message["to"]),
                Keccak256.hash(Array(try message["contents"].text.utf8)),
            ])
        let digest = domain.digest(of: hash)
        #expect(digest.hex == "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2")
        #expect(try mail["signature"].signature.recover(digest) == mail["recovered"].address)
    }

    @Test func `one bit of the digest or of any domain member gives another signer`() throws {
        let vector = try #require(try Self.file()["vouchers"].list.first)
        let signature = try vector["signature"].signature
        let signer = try vector["address"].address
        let hash = try vector["structHash"].word
        let domain = try Self.domain(vector["domain"])
        let others = [
            EIP712Domain(name: "feesvd", chainID: domain.chainID, verifyingContract: domain.verifyingContract),
            EIP712Domain(version: "2", chainID: domain.chainID, verifyingContract: domain.verifyingContract),
            EIP712Domain(chainID: Bytes32(integer: 31_338), verifyingContract: domain.verifyingContract),
            EIP712Domain(chainID: domain.chainID, verifyingContract: .zero),
        ]
        #expect(signature.isBy(signer, over: domain.digest(of: hash)))
        for other in others { #expect(!signature.isBy(signer, over: other.digest(of: hash)), "\(other)") }
        for place in 0..<32 {
            var bytes = hash.bytes
            bytes[place] ^= 1
            let flipped = try #require(Bytes32(bytes))
            #expect(!signature.isBy(signer, over: domain.digest(of: flipped)), "byte \(place)")
        }
    }
}
