import Channels
import Primitives

// The words of labels: stable, few, and without anything that a peer chose.

extension EventRefusal {
    var code: String {
        switch self {
        case .form(.outOfRange(field: "sequence")): "sequence"
        case .form(.outOfRange(field: "links")): "links"
        case .form: "form"
        case .signatureForm: "signature_form"
        case .unregistered: "unregistered"
        case .eventSignature: "signature"
        case .envelopeForm: "envelope_form"
        case .otherEnvelope: "other_envelope"
        case .otherTopic: "other_topic"
        case .shards: "shards"
        case .foreign: "foreign_shard"
        case .author: "author"
        case .receipt(.headSignature): "head_signature"
        case .receipt(.otherLog): "other_log"
        case .receipt(.otherEnvelope): "other_envelope"
        case .receipt: "receipt"
        case .size: "size"
        case .expiry: "other_expiry"
        case .late: "late"
        case .chargeRange: "charge_range"
        case .expired: "expiry_in_the_past"
        case .retention: "expiry_beyond_the_limit"
        case .evicted: "evicted"
        case .deletion: "deletion"
        case .otherPrevious: "other_previous"
        case .chargeAgain: "charge_again"
        case .secondOnSequence: "second_on_sequence"
        }
    }

    /// Of what it is a contradiction; `nil` where it is none.
    var contradiction: String? {
        switch self {
        case .otherPrevious: "previous"
        case .chargeAgain: "charge"
        case .secondOnSequence: "sequence"
        default: nil
        }
    }
}

extension PublishRefusal {
    /// The code of a count: of an event the rule that it breaks.
    var label: String {
        if case .event(let refusal) = self { refusal.code } else { code }
    }
}

extension FrameError {
    var code: String {
        switch self {
        case .length: "frame_length"
        case .truncated: "truncated"
        case .trailing: "trailing"
        case .tooLong: "too_long"
        case .type: "frame_type"
        case .field: "field"
        }
    }
}

extension PeerRefusal.Code {
    var label: String {
        switch self {
        case .malformed: "malformed"
        case .version: "version"
        case .otherNetwork: "other_network"
        case .unregistered: "unregistered"
        case .proof: "proof"
        case .unproved: "unproved"
        case .failed: "failed"
        case .twin: "twin"
        default: "other"
        }
    }
}

extension PeerFailure {
    /// The code of any error with which a connection to a peer ended.
    static func code(of error: any Error) -> String {
        switch error {
        case PeerFailure.refused(let refusal): "refused_" + refusal.code.label
        case PeerFailure.malformed(let error): error.code
        case let error as FrameError: error.code
        case PeerFailure.closed: "closed"
        case PeerFailure.timeout: "timeout"
        case PeerFailure.busy: "busy"
        case PeerFailure.unexpected: "unexpected"
        case PeerFailure.identity: "identity"
        case PeerFailure.unregistered: "unregistered"
        case PeerFailure.endpoint: "endpoint"
        default: "unreachable"
        }
    }

    /// Of what a peer lied, where a connection ended with that; `nil` where it did not lie.
    static func lie(in error: any Error) -> String? {
        switch error {
        case PeerFailure.malformed, is FrameError: "frame"
        case PeerFailure.unexpected: "answer"
        case PeerFailure.identity: "identity"
        default: nil
        }
    }
}

extension PeerQuestion {
    /// The kind of a question.
    var label: String {
        switch self {
        case .hello, .proof: "handshake"
        case .push: "push"
        case .compare: "compare"
        case .places: "places"
        case .cells: "cells"
        case .days: "days"
        case .tree: "tree"
        case .fetch, .fetchPlaces: "fetch"
        case .signed: "signed"
        case .probe: "probe"
        case .challenge: "challenge"
        case .chains: "chain"
        case .survey: "survey"
        }
    }
}

extension ReconcileOutcome {
    var label: String {
        switch self {
        case .equal: "equal"
        case .absent: "absent"
        case .ahead: "ahead"
        case .unequal: "unequal"
        }
    }
}

extension PeerAnswer.PushResult {
    var label: String {
        switch self {
        case .new: "new"
        case .known: "known"
        case .refused: "refused"
        }
    }
}

extension SQLiteFailure {
    /// What kind of failure the disk or the file had.
    var reason: String { isDiskFull ? "full" : isNotADatabase ? "corrupt" : isBusy ? "busy" : "other" }
}
