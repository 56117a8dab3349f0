// swift-tools-version: 6.2
import PackageDescription

/// Applied to every target of ours; dependencies keep their own settings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "feesvc",
    products: [
        .executable(name: "feesvc", targets: ["feesvc"]),
        .library(name: "Payer", targets: ["Payer"]),
    ],
    dependencies: [
        // traits: [] leaves out swift-configuration, which nothing here uses.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CXlsxWriter", pkgConfig: "xlsxwriter", providers: [.apt(["libxlsxwriter-dev"])]),

        .target(name: "Primitives", dependencies: ["CSecp256k1", "CCrypto"], swiftSettings: strict),
        .target(name: "Ledger", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "Channels", dependencies: ["Primitives"], swiftSettings: strict),
        .target(name: "Rewards", dependencies: ["Primitives", "Ledger"], swiftSettings: strict),
        .target(
            name: "Reports", dependencies: ["Primitives", "Ledger", "Channels", "Rewards", "CXlsxWriter"],
            swiftSettings: strict),
        .target(
            name: "OpenAPI", path: "docs",
            exclude: [
                "architecture.md", "attacks.md", "dependencies.md", "errors.md", "metrics.md", "operations.md",
                "performance.md",
                "privacy.md", "protocol.md", "quickstart-accountant.md", "quickstart-operator.md",
                "quickstart-payer.md", "quickstart-service.md", "report.schema.json", "security.md", "testing.md",
            ],
            resources: [.embedInCode("openapi.yaml"), .embedInCode("openapi-node.yaml")],
            swiftSettings: [.treatAllWarnings(as: .error)]),
        .target(
            name: "Migrations", path: "migrations",
            resources: [
                .embedInCode("0001_initial.sql"), .embedInCode("0002_append_only_charges.sql"),
                .embedInCode("0003_channel_life.sql"),
                .embedInCode("0004_fees.sql"),
                .embedInCode("0005_idempotency_keys.sql"),
                .embedInCode("0006_restored_charges.sql"),
                .embedInCode("0007_journal_guards.sql"),
                .embedInCode("0008_refunds.sql"),
                .embedInCode("0009_rewards.sql"),
                .embedInCode("0010_silent_nodes.sql"),
                .embedInCode("0011_corrections.sql"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]),
        .target(
            name: "Storage",
            dependencies: [
                "Primitives", "Ledger", "Channels", "Rewards", "CPostgres", "Migrations",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Payer",
            dependencies: [
                "Primitives", "Channels", "CCrypto",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Node",
            dependencies: [
                "Primitives", "Channels", "Rewards", "CSQLite",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "feesvc",
            dependencies: [
                "Primitives", "Ledger", "Channels", "Rewards", "Reports", "Storage", "Payer", "Node", "Migrations",
                "OpenAPI", "CZlib",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        .testTarget(
            name: "PrimitivesTests",
            dependencies: ["Primitives"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LedgerTests",
            dependencies: ["Ledger", "Primitives"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ChannelsTests",
            dependencies: ["Channels", "Primitives"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RewardsTests",
            dependencies: ["Rewards", "Primitives"],
            swiftSettings: strict
        ),
        // Made-up reports, for tests and for the programs that check each format.
        .target(
            name: "ReportSamples", dependencies: ["Reports", "Primitives", "Ledger", "Rewards"],
            path: "Tests/ReportSamples", swiftSettings: strict),
        .executableTarget(
            name: "report-sample", dependencies: ["ReportSamples", "Reports"], path: "Tests/report-sample",
            swiftSettings: strict),
        .testTarget(
            name: "ReportsTests",
            dependencies: ["Reports", "ReportSamples", "Primitives", "Ledger", "Channels", "Rewards"],
            swiftSettings: strict),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "Primitives", "Migrations", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PayerTests",
            dependencies: ["Payer", "Channels", "Primitives"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "Node", "Channels", "Rewards", "Primitives", .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "FeesvcTests",
            dependencies: [
                "feesvc", "Storage", "Ledger", "Channels", "Rewards", "Reports", "Payer", "Primitives", "Migrations",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemTests",
            dependencies: ["Primitives", "Channels"],
            swiftSettings: strict
        ),
    ],
    swiftLanguageModes: [.v6]
)
