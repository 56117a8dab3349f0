import Channels
import Primitives

/// Input: a list of members, or a membership with a list in it.
func testMembership(_ bytes: [UInt8]) {
    canonical(bytes, MemberList.init(canonicalBytes:), \.canonicalBytes)
    guard let membership = canonical(bytes, Membership.init(canonicalBytes:), \.canonicalBytes) else { return }
    require(membership.path.count <= Membership.depthMax, "a list of more members than there may be")
    require(bytes.count <= Membership.bytesMax, "a membership of \(bytes.count) bytes was read")
    require(membership.list.until > membership.list.from, "a list that never counts")
    _ = membership.isOf(.zero)
}

/// Input: the payload of a message in a closed topic. Whatever it is, the same is decided again, and signatures are asked for.
func testAuthored(_ bytes: [UInt8]) {
    guard bytes.count <= EnvelopeHead.payloadBytesMax else { return }
    let payload = canonical(bytes, AuthoredPayload.init(canonicalBytes:), \.canonicalBytes)
    let topic = payload?.topic.id ?? ClosedTopic(rule: .owner, owner: .zero, salt: .zero).id
    let envelope = Envelope(topic: topic, expiryDay: UTCDay(number: 20_600), salt: .zero, payload: bytes)
    let domain = EIP712Domain(chainID: .zero, verifyingContract: .zero)
    for logged in [0, payload?.membership?.list.from ?? 1, .max] {
        do throws(AuthorRefusal) {
            try AuthorCheck(envelope, logged: logged).checkSignatures(in: domain)
            require(false, "a message was admitted that nobody signed for this instance")
        } catch {
            if case .notTheTopic = error { require(payload == nil, "a topic is not its own") }
        }
    }
}
