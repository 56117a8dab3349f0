import Foundation
import Primitives
import Testing

extension FeesvcSystem {
    /// What the admin orders from the command line, on a service of its own.
    @Suite("feesvc admin")
    struct AdminCommands {
        private struct Schedules: Decodable {
            struct Entry: Decodable {
                struct Schedule: Decodable {
                    let version: UInt32
                    let effectiveFrom: UInt64
                    let base: String
                }

                let state: String
                let schedule: Schedule
            }

            let time: UInt64
            let schedules: [Entry]
        }

        private struct Quote: Decodable {
            struct Price: Decodable {
                let base: String
                let storage: String
                let total: String
            }

            struct Next: Decodable {
                let schedule: UInt32
                let price: Price?
            }

            let schedule: UInt32
            let congestionUnits: UInt8
            let price: Price
            let next: Next?
        }

        @Test("a schedule is shown first, and announced only with --yes", .timeLimit(.minutes(10)))
        func schedule() async throws {
            try await Workshop.with { workshop in
                let service = try await ServiceProcess.start(in: workshop)
                let arguments = [
                    "admin", "schedule", "--service", service.client.base, "--admin-key",
                    workshop("data/keys/admin.key"), "--message-fee", "42000000",
                ]
                let shown = try await workshop.run(arguments)
                #expect(shown.status == 0, "\(shown.errors)")
                let lines = shown.output.split(separator: "\n").map { $0.split(separator: " ") }
                #expect(lines.contains(["1024", "60", "no", "0", "39851680", "43351680"]), "\(shown.output)")
                #expect(shown.output.contains("Nothing was ordered"))
                var schedules = try await service.client.get("/v1/schedules").decoded(as: Schedules.self)
                #expect(schedules.schedules.map(\.state) == ["inForce"])

                let refused = try await workshop.run(arguments.dropLast() + ["77000002", "--yes"])
                #expect(refused.status == 1)
                #expect(refused.errors.contains("schedule/step"), "\(refused.errors)")

                let announced = try await workshop.run(arguments + ["--yes"])
                #expect(announced.status == 0, "\(announced.errors)")
                schedules = try await service.client.get("/v1/schedules").decoded(as: Schedules.self)
                #expect(schedules.schedules.map(\.state) == ["inForce", "announced"])
                #expect(schedules.schedules.last?.schedule.base == "42000000")
                let from = try #require(schedules.schedules.last?.schedule.effectiveFrom)
                #expect(from >= schedules.time + 604_800 && from <= schedules.time + 604_800 + 3_600)

                let quote = try await service.client.get("/v1/quote?bytes=1024&days=60").decoded(as: Quote.self)
                #expect(quote.price.total == "39851680")
                #expect(quote.next?.price?.total == "43351680")
                for query in ["", "?bytes=1024", "?days=60", "?bytes=x&days=1", "?bytes=1&days=2&postage=1"] {
                    #expect(try await service.client.get("/v1/quote" + query).problem.code == "request/query")
                }
                let long = try await service.client.get("/v1/quote?bytes=1024&days=366").problem
                #expect(long.status == 422 && long.code == "voucher/retention")

                let stranger = try await workshop.run([
                    "admin", "schedule", "--service", service.client.base, "--admin-key",
                    workshop("data/keys/settlement.key"), "--yes",
                ])
                #expect(stranger.status == 1)
                #expect(stranger.errors.contains("the service takes acts of"), "\(stranger.errors)")
                try await service.stop(in: workshop)
            }
        }

        @Test("charging is paused and goes on", .timeLimit(.minutes(10)))
        func pause() async throws {
            try await Workshop.with { workshop in
                let service = try await ServiceProcess.start(in: workshop)
                let options = [
                    "--service", service.client.base, "--admin-key", workshop("data/keys/admin.key"), "--yes",
                ]
                let payer = try await TestPayer("paused", at: service)
                let items = [try payer.item("paused")]
                let voucher = payer.signed(
                    payer.voucher(sequence: 1, ceiling: 50_000_000, items: items), items)
                #expect(try await workshop.run(["admin", "pause"] + options).status == 0)
                let refused = try await payer.send(voucher)
                #expect(refused.problem?.code == "voucher/paused")
                #expect(refused.problem?.status == 503)
                let again = try await workshop.run(["admin", "pause"] + options)
                #expect(again.output.contains("already"))
                #expect(try await workshop.run(["admin", "resume"] + options).status == 0)
                #expect(try await payer.send(voucher).receipts?.count == 1)
                try await service.stop(in: workshop)
            }
        }

        private struct Keys: Decodable {
            struct Rotation: Decodable {
                let leaf: String
            }

            let rotations: [Rotation]
        }

        @Test("the log key is rotated on the service's host, and a restart finds it", .timeLimit(.minutes(10)))
        func rotate() async throws {
            try await Workshop.with { workshop in
                var service = try await ServiceProcess.start(in: workshop)
                let key = SecretKey(seed: 2_024, label: "new log key")
                let file = try workshop.write("new.key", ("0x" + Hex.encode(key.exportBytes()) + "\n").utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
                let arguments = [
                    "admin", "rotate", "log", "--new-key", file, "--data-dir", workshop("data"), "--service",
                    service.client.base, "--admin-key", workshop("data/keys/admin.key"),
                ]
                let shown = try await workshop.run(arguments)
                #expect(shown.status == 0 && shown.output.contains("Nothing was ordered"), "\(shown.errors)")
                #expect(try await service.client.get("/v1/keys").decoded(as: Keys.self).rotations.isEmpty)
                let rotated = try await workshop.run(arguments + ["--yes"])
                #expect(rotated.status == 0, "\(rotated.errors)")
                #expect(try await service.client.get("/v1/keys").decoded(as: Keys.self).rotations.count == 1)
                let again = try await workshop.run(arguments + ["--yes"])
                #expect(again.status == 1 && again.errors.contains("rotate/used"), "\(again.errors)")
                try await service.stop(in: workshop)

                service = try await ServiceProcess.start(in: workshop)
                let resumed = try await workshop.run([
                    "admin", "resume", "--service", service.client.base, "--admin-key",
                    workshop("data/keys/admin.key"),
                ])
                #expect(resumed.status == 0 && resumed.output.contains("not paused"), "\(resumed.errors)")
                try await service.stop(in: workshop)
            }
        }

        @Test("a preview shows prices and says why a schedule may not follow", .timeLimit(.minutes(10)))
        func preview() async throws {
            try await Workshop.with { workshop in
                let service = try await ServiceProcess.start(in: workshop)
                let answer = try await service.client.post(
                    "/v1/schedules/preview",
                    text: """
                        {"version":2,"effectiveFrom":1,"base":"1","storagePerByteDay":"1","congestionUnit":"0",\
                        "targetPerMinute":0,"postage":"0","postageWindow":3600,"retentionDaysMin":1,"retentionDaysMax":2,\
                        "bytesMax":1}
                        """)
                #expect(answer.status == 200)
                #expect(answer.text.contains("\"code\":\"schedule/effective-from\""), "\(answer.text)")
                #expect(answer.text.contains("\"rows\":"))
                try await service.stop(in: workshop)
            }
        }
    }
}
