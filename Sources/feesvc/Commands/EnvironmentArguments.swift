/// Options from the environment: `FEESVC_LOG_LEVEL=debug` is `--log-level debug`, for every option with a value of
/// `serve`, `node run` and `export`, for wallet and service of `channel`, and for the passphrase file of whatever opens a key.
/// What the command line says wins.
enum EnvironmentArguments {
    private static let options: [[String]: [String]] = [
        ["serve"]: [
            "data-dir", "database-url", "host", "port", "address-file", "challenge-window", "settlement-horizon",
            "chain-id", "currency", "start", "epoch-length", "message-fee", "storage-fee", "congestion-fee",
            "target-per-minute", "postage", "postage-window", "retention-min", "retention-max", "passphrase-file",
            "log-level",
        ],
        ["node", "run"]: [
            "data-dir", "service", "key", "listen-peers", "listen-http", "seed", "passphrase-file", "log-level",
        ],
        ["export"]: ["database-url", "epoch", "out"],
        ["channel", "list"]: ["wallet"],
        ["channel", "limits"]: ["wallet"],
        ["channel", "publish"]: ["wallet", "service"],
    ].merging(
        [
            ["key", "new"], ["key", "address"], ["key", "encrypt"], ["key", "decrypt"], ["key", "passphrase"],
            ["node", "register"], ["recover"], ["report"], ["solvency", "state"], ["admin", "schedule"],
            ["admin", "pause"], ["admin", "resume"], ["admin", "rotate"], ["admin", "close"], ["admin", "ruleset"],
            ["admin", "correct"],
        ].map { ($0, ["passphrase-file"]) }, uniquingKeysWith: { $1 }
    ).merging(
        ["open", "topup", "pay", "status", "statement", "close", "withdraw", "delegate", "revoke"].map {
            (["channel", $0], ["wallet", "passphrase-file", "service"])
        }, uniquingKeysWith: { $1 })

    /// The arguments with those options of the environment that they do not set themselves.
    static func expand(_ arguments: [String], environment: [String: String]) -> [String] {
        guard let (_, names) = options.first(where: { arguments.starts(with: $0.key) }) else { return arguments }
        var expanded = arguments
        for name in names {
            let variable = "FEESVC_" + name.uppercased().replacing("-", with: "_")
            let isSet = arguments.contains { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") }
            if !isSet, let value = environment[variable], !value.isEmpty { expanded += ["--\(name)", value] }
        }
        return expanded
    }
}
