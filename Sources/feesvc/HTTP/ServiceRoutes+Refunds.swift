import Channels
import Hummingbird
import Payer
import Primitives
import Storage

/// Evidence for refunds, and what became of a charge.
extension ServiceRoutes {
    func addRefunds(to router: Router<BasicRequestContext>) {
        router.post("/v1/welcomes") { request, _ in
            try freeInputs.take()
            let body = try await HTTPBody.json(WelcomeBody.self, of: request)
            let welcome = try Self.canonical { () throws(CanonicalError) in
                try Welcome(canonicalBytes: body.welcome.bytes)
            }
            let amount = try await service.welcome(welcome, charge: body.charge)
            return try Response.json(
                RefundBody(charge: body.charge, ground: RefundGround.welcomed.name, amount: amount))
        }
        router.post("/v1/undelivered") { request, _ in
            let body = try await HTTPBody.json(SignedBytesBody.self, of: request)
            let acknowledgement = try Self.canonical { () throws(CanonicalError) in
                try Acknowledgement(canonicalBytes: body.bytes.bytes)
            }
            try await service.keep(acknowledgement, signature: body.signature)
            return try Response.json(["charge": acknowledgement.charge])
        }
        router.post("/v1/refused") { request, _ in
            let body = try await HTTPBody.json(SignedBytesBody.self, of: request)
            let refusal = try Self.canonical { () throws(CanonicalError) in
                try NodeRefusal(canonicalBytes: body.bytes.bytes)
            }
            try await service.keep(refusal, signature: body.signature)
            return try Response.json(["charge": refusal.charge])
        }
        router.post("/v1/deletions") { request, _ in
            try freeInputs.take()
            let body = try await HTTPBody.json(DeletionBody.self, of: request)
            let deletion = try Self.canonical { () throws(CanonicalError) in
                try Deletion(canonicalBytes: body.deletion.bytes)
            }
            let amount = try await service.delete(deletion, charge: body.charge)
            return try Response.json(
                RefundBody(charge: body.charge, ground: RefundGround.deletedEarly.name, amount: amount))
        }
        addLogEvidence(to: router)
    }

    /// Grounds that rest on the log alone, and on what operators declare.
    private func addLogEvidence(to router: Router<BasicRequestContext>) {
        router.post("/v1/overcharges") { request, _ in
            let body = try await HTTPBody.json(OverchargeBody.self, of: request)
            return try Response.json(
                try Self.body(body.charge, await service.refundOvercharge(of: body.charge)))
        }
        router.post("/v1/double-charges") { request, _ in
            let body = try await HTTPBody.json(DoubleChargeBody.self, of: request)
            guard body.first < body.charge else {
                throw Refusal(
                    422, "double/order", "first is the charge that came before: its number is smaller.")
            }
            let pair = DoubleCharge(charge: body.charge, first: body.first)
            guard let decision = try await service.refundDouble(pair) else {
                return try Response.json(
                    RefundBody(charge: body.charge, ground: RefundGround.chargedTwice.name, amount: .zero),
                    status: .accepted)
            }
            return try Response.json(try Self.body(body.charge, decision))
        }
        router.post("/v1/outages") { request, _ in
            let body = try await HTTPBody.json(OutageBody.self, of: request)
            let declared = try Self.canonical { () throws(CanonicalError) in
                try DeclaredOutage(canonicalBytes: body.outage.bytes)
            }
            let total = try await service.declare(declared)
            return try Response.json(["total": total])
        }
        router.get("/v1/outages") { _, _ in
            let outages = try await service.read { try await OutageStore($0).all() }
            return try Response.json(
                OutagesBody(
                    outages: outages.map {
                        OutagesBody.Outage($0.declared, total: $0.total, logIndex: $0.logIndex)
                    }))
        }
    }

    private static func body(_ charge: UInt64, _ decision: RefundDecision) throws -> RefundBody {
        RefundBody(
            charge: charge, ground: decision.ground.name,
            amount: try decision.held.total().adding(try decision.stake.total()), owed: try decision.owed.total())
    }
}
