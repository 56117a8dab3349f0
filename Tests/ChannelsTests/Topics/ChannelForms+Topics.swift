import Channels
import Primitives

extension ChannelForms {
    static func memberList(_ fields: Vector) throws -> MemberList {
        try MemberList(
            topic: fields["topic"].word, version: fields["version"].u64, from: fields["from"].u64,
            until: fields["until"].u64, root: fields["root"].word)
    }

    static func membership(_ fields: Vector) throws -> Membership {
        Membership(
            list: try MemberList(canonicalBytes: fields["list"].bytes), signature: try fields["signature"].signature,
            salt: try fields["salt"].word, index: try fields["index"].u32, path: try fields["path"].words)
    }

    static func authored(_ fields: Vector) throws -> AuthoredPayload {
        let membership = try fields["membership"].bytes
        return AuthoredPayload(
            topic: ClosedTopic(
                rule: try known(TopicRule(rawValue: try fields["rule"].u8)), owner: try fields["owner"].address,
                salt: try fields["salt"].word),
            author: try fields["author"].address, validUntil: try fields["validUntil"].u64,
            membership: membership.isEmpty ? nil : try Membership(canonicalBytes: membership),
            message: try fields["message"].bytes, signature: try fields["signature"].signature)
    }
}
