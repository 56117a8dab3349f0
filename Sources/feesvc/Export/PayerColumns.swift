/// The columns of `channels.csv` and `signers.csv`.
enum PayerColumns {
    /// The openings of the channels that pay.
    static let channels = ["channel", "payer", "signer", "opening"]
    /// Delegations and revocations of those channels. A revocation has no lane, ceiling and end.
    static let signers = ["log_index", "channel", "signer", "lane", "ceiling", "expires", "nonce", "signature"]
}
