// swift-tools-version: 6.2
import PackageDescription

// Built by script/fuzz with --sanitize fuzzer. Compiles the sources of the package above through links, without its
// dependencies: what needs SwiftNIO, Hummingbird or libpq is left out.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "feesvc-fuzz",
    targets: [
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "Primitives", dependencies: ["CSecp256k1", "CCrypto"], swiftSettings: strict),
        .target(name: "Ledger", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "Channels", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "Rewards", dependencies: ["Primitives", "Ledger"], swiftSettings: strict),
        .target(name: "Storage", dependencies: ["Primitives", "Channels"], swiftSettings: strict),
        .target(name: "Payer", dependencies: ["Primitives", "Channels"], swiftSettings: strict),
        .target(name: "Node", dependencies: ["Primitives", "Channels"], swiftSettings: strict),
        .target(
            name: "feesvc",
            dependencies: ["Primitives", "Ledger", "Channels", "Rewards", "Payer", "Storage", "CZlib"],
            swiftSettings: strict
        ),

        .target(name: "ResourceMeter"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "Primitives", "Ledger", "Channels", "Rewards", "Payer", "Node", "feesvc", "CZlib", "ResourceMeter",
            ],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
