import Foundation
import Primitives
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// `feesvc channel` against `feesvc serve`, from the first deposit to the end.
    @Suite("channel commands", .sharedService)
    struct ChannelCommands {
        @Test("a channel is opened, paid from, proved, emptied and closed", .timeLimit(.minutes(10)))
        func wholeLife() async throws {
            let workshop = try SharedService.folder()
            let wallet = try CommandWallet("whole", in: workshop)
            let id = try await wallet.open("--limit-per-day", "0.002USD")
            let message = try workshop.write("message", Array("hello\n".utf8))
            #expect(try await wallet.run("pay", message).status == 3)
            try await wallet.topUp()

            let paid: CommandWallet.Paid = try await wallet.json("pay", message, "--days", "30")
            // 38,500,000 + 22 × 6 × 30.
            #expect(paid.total == 38_503_960)
            #expect(paid.available == 49_961_496_040)
            // 0.002 dollars less the first message are too little for a stamped one.
            let stamped = try await wallet.run("pay", message, "--postage", "--max-fee", "0.0019620USD")
            #expect(stamped.status == 3)
            #expect(stamped.errors.contains("limit"), "\(stamped.errors)")
            let dear = try await wallet.run("pay", message, "--max-fee", "1")
            #expect(dear.status == 2)
            #expect(dear.errors.contains("voucher/max-fee"), "\(dear.errors)")

            try await verify(paid.receiptFile, with: wallet)
            let status: CommandWallet.Status = try await wallet.json("status")
            #expect(status.charged == 38_503_960)
            #expect(status.available == 49_961_496_040)
            #expect(status.stage == "open")
            let statement: CommandWallet.Statement = try await wallet.json("statement")
            #expect(statement.charges.map(\.total) == [38_503_960])
            #expect(statement.charges.map(\.ordered) == [true])

            #expect(try await wallet.run("withdraw", "--amount", "0.01USD", id).status == 0)
            #expect(try await wallet.run("withdraw", "--amount", "0.04USD", id).status == 1)
            let left: CommandWallet.Status = try await wallet.json("status")
            #expect(left.withdrawn == 10_000_000_000)
            let closed = try await wallet.run("close")
            #expect(closed.status == 0 && closed.output.contains("39961496040 units"), "\(closed.errors)")
            #expect(try await wallet.run("pay", message).status == 2)
        }

        /// The receipt is good by itself, and not with another salt.
        private func verify(_ receipt: String, with wallet: CommandWallet) async throws {
            let good = try await wallet.workshop.run(["channel", "verify", receipt])
            #expect(good.status == 0, "\(good.errors)")
            let text = try String(contentsOfFile: receipt, encoding: .utf8)
            let digit = try #require(text.range(of: "\"salt\" : \"0x")?.upperBound)
            var changed = text
            changed.replaceSubrange(digit...digit, with: text[digit] == "1" ? "2" : "1")
            let path = try wallet.workshop.write("changed.json", Array(changed.utf8))
            #expect(try await wallet.workshop.run(["channel", "verify", path]).status == 4)
        }

        @Test("a payment killed at any moment is made once", .timeLimit(.minutes(10)))
        func killedPayments() async throws {
            let workshop = try SharedService.folder()
            let wallet = try CommandWallet("killed", in: workshop)
            let id = try await wallet.open()
            try await wallet.topUp()
            var generator = SplitMix64(seed: 20)
            var started = 0
            for round in 0..<24 {
                let message = try workshop.write("message", Array("message \(round)".utf8))
                let program = try wallet.start("pay", message)
                started += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...350, using: &generator)))
                program.send(SIGKILL)
                try await program.wait(seconds: 10)
            }
            let last = try workshop.write("message", Array("the last".utf8))
            let paid: CommandWallet.Paid = try await wallet.json("pay", last)
            #expect(!paid.resumed)
            let statement: CommandWallet.Statement = try await wallet.json("statement")
            #expect(Set(statement.charges.map(\.number)) == wallet.receipts(of: id))
            #expect(statement.charges.allSatisfy { $0.ordered })
            #expect((1...started + 1).contains(statement.charges.count))
        }

        @Test("two processes with one wallet take turns", .timeLimit(.minutes(10)))
        func twoProcesses() async throws {
            let workshop = try SharedService.folder()
            let wallet = try CommandWallet("shared", in: workshop)
            let id = try await wallet.open()
            try await wallet.topUp()
            let message = try workshop.write("message", Array("hello".utf8))
            let programs = try (0..<4).map { _ in try wallet.start("pay", message, "--wait-seconds", "60") }
            for program in programs { #expect(try await program.wait(seconds: 60) == 0, "\(program.errors)") }
            #expect(wallet.receipts(of: id).count == 4)
            let status: CommandWallet.Status = try await wallet.json("status")
            #expect(status.lanes.map(\.sequence) == [4])
        }

        @Test(
            "a wallet from a backup, and one without its state, go on above what was signed",
            .timeLimit(.minutes(10)))
        func restoredWallet() async throws {
            let workshop = try SharedService.folder()
            let wallet = try CommandWallet("original", in: workshop)
            let id = try await wallet.open()
            try await wallet.topUp()
            let message = try workshop.write("message", Array("hello".utf8))
            let first: CommandWallet.Paid = try await wallet.json("pay", message)
            try FileManager.default.copyItem(atPath: wallet.path, toPath: workshop("backup"))
            #expect(try await wallet.run("pay", message).status == 0)

            let restored = try CommandWallet("backup", in: workshop)
            let paid: CommandWallet.Paid = try await restored.json("pay", message)
            #expect(paid.charge == first.charge + 2)
            let status: CommandWallet.Status = try await restored.json("status")
            #expect(status.lanes.allSatisfy { $0.sequence > 1_000_000 })

            try FileManager.default.removeItem(atPath: "\(wallet.path)/channels/\(id).json")
            #expect(try await wallet.run("pay", message).status == 1)
            #expect(try await wallet.open("--resume", id) == id)
            let again: CommandWallet.Paid = try await wallet.json("pay", message)
            #expect(again.charge == first.charge + 3)
            let statement: CommandWallet.Statement = try await wallet.json("statement")
            #expect(statement.charges.map(\.number) == (first.charge...first.charge + 3).reversed())
            // The third was ordered by the other copy.
            #expect(statement.charges.map(\.ordered) == [true, false, true, true])
        }

        @Test("a delegated key pays on its lane until it is revoked", .timeLimit(.minutes(10)))
        func delegation() async throws {
            let workshop = try SharedService.folder()
            let wallet = try CommandWallet("payer", in: workshop)
            let id = try await wallet.open()
            try await wallet.topUp()
            let message = try workshop.write("message", Array("hello".utf8))
            let key = SecretKey(seed: 5, label: "gateway")
            let keyFile = try workshop.write("gateway.key", Array("0x\(Hex.encode(key.exportBytes()))".utf8))
            chmod(keyFile, 0o600)
            let delegated = try await wallet.run(
                "delegate", "--signer", key.address.hex, "--lane", "7", "--ceiling", "0.0001USD")
            #expect(delegated.status == 0, "\(delegated.errors)")

            let gateway = try CommandWallet("gateway", in: workshop)
            #expect(try await gateway.open("--key", keyFile, "--resume", id) == id)
            #expect(try await gateway.run("pay", message).status == 3)
            #expect(try await gateway.run("pay", message, "--lane", "7").status == 0)
            #expect(try await gateway.run("close").status == 1)
            #expect(try await wallet.run("pay", message).status == 0)
            let status: CommandWallet.Status = try await wallet.json("status")
            #expect(status.lanes.map(\.lane) == [0, 7])

            #expect(try await wallet.run("revoke", "--signer", key.address.hex).status == 0)
            #expect(try await gateway.run("pay", message, "--lane", "7").status == 2)
            #expect(try await wallet.run("close").status == 0)
        }
    }
}
