import Bytes
import RESP

/// CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO.
enum TrackingCommands {
    static func tracking(_ call: inout Call) {
        guard let wanted = parse(call) else { return }
        if call.matches(2, "off") {
            call.engine.disableTracking(call.client)
            return call.reply.ok()
        }
        guard call.matches(2, "on") else { return call.syntaxError() }
        if let refusal = refusal(call, wanted) { return call.error(refusal) }
        call.engine.enableTracking(call.client, wanted)
        call.reply.ok()
    }

    private static func parse(_ call: Call) -> ClientTracking? {
        let wanted = ClientTracking()
        var index = 3
        while index < call.count {
            let hasValue = index + 1 < call.count
            if call.matches(index, "redirect"), hasValue {
                guard wanted.redirection == 0 else {
                    call.error("ERR A client can only redirect to a single other client")
                    return nil
                }
                guard let id = call.integer(index + 1) else { return nil }
                guard let target = call.engine.pointee.clientsByID[UInt64(bitPattern: id)] else {
                    call.error("ERR The client ID you want redirect to does not exist")
                    return nil
                }
                wanted.redirection = target.pointee.id
                index += 1
            } else if call.matches(index, "prefix"), hasValue {
                wanted.prefixes.append([UInt8](call[index + 1]))
                index += 1
            } else if call.matches(index, "bcast") {
                wanted.options.insert(.broadcast)
            } else if call.matches(index, "optin") {
                wanted.options.insert(.optIn)
            } else if call.matches(index, "optout") {
                wanted.options.insert(.optOut)
            } else if call.matches(index, "noloop") {
                wanted.options.insert(.noLoop)
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
        return wanted
    }

    private static func refusal(_ call: Call, _ wanted: ClientTracking) -> String? {
        let isBroadcast = wanted.options.contains(.broadcast)
        if !isBroadcast, !wanted.prefixes.isEmpty { return "ERR PREFIX option requires BCAST mode to be enabled" }
        let table = call.engine.tracking
        let own = call.client.pointee.flags.contains(.tracking) ? table.clients[call.client.pointee.id] : nil
        if let own, own.options.contains(.broadcast) != isBroadcast {
            return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
                + "re-enabling it with a different mode."
        }
        let choices: TrackingOptions = [.optIn, .optOut]
        if isBroadcast, !wanted.options.isDisjoint(with: choices) {
            return "ERR OPTIN and OPTOUT are not compatible with BCAST"
        }
        if wanted.options.isSuperset(of: choices) { return "ERR You can't specify both OPTIN mode and OPTOUT mode" }
        if let own, !isBroadcast, own.options.intersection(choices) != wanted.options.intersection(choices),
            !own.options.isDisjoint(with: choices), !wanted.options.isDisjoint(with: choices)
        {
            return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
                + "re-enabling it with a different mode."
        }
        return isBroadcast ? overlap(wanted.prefixes, own?.prefixes ?? []) : nil
    }

    /// Prefixes must not begin one another, or messages would come twice.
    private static func overlap(_ wanted: [[UInt8]], _ existing: [[UInt8]]) -> String? {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        for (index, prefix) in wanted.enumerated() {
            for other in existing where other.starts(with: prefix) || prefix.starts(with: other) {
                return "ERR Prefix '\(text(prefix))' overlaps with an existing prefix '\(text(other))'. Prefixes for a "
                    + "single client must not overlap."
            }
            for other in wanted[(index + 1)...] where other.starts(with: prefix) || prefix.starts(with: other) {
                return "ERR Prefix '\(text(prefix))' overlaps with another provided prefix '\(text(other))'. Prefixes "
                    + "for a single client must not overlap."
            }
        }
        return nil
    }

    static func caching(_ call: inout Call) {
        guard call.client.pointee.flags.contains(.tracking),
            let own = call.engine.tracking.clients[call.client.pointee.id]
        else {
            return call.error(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode "
                    + "enabled")
        }
        if call.matches(2, "yes") {
            guard own.options.contains(.optIn) else {
                return call.error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
            own.options.insert(.cachingYes)
        } else if call.matches(2, "no") {
            guard own.options.contains(.optOut) else {
                return call.error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
            own.options.insert(.cachingNo)
        } else {
            return call.syntaxError()
        }
        call.reply.ok()
    }

    static func redirection(_ call: inout Call) { call.reply.integer(call.engine.redirection(call.client)) }

    static func information(_ call: inout Call) {
        let own =
            call.client.pointee.flags.contains(.tracking) ? call.engine.tracking.clients[call.client.pointee.id] : nil
        var flags: [StaticString] = [own == nil ? "off" : "on"]
        if let own {
            if own.options.contains(.broadcast) { flags.append("bcast") }
            if own.options.contains(.optIn) {
                flags.append("optin")
                if own.options.contains(.cachingYes) { flags.append("caching-yes") }
            }
            if own.options.contains(.optOut) {
                flags.append("optout")
                if own.options.contains(.cachingNo) { flags.append("caching-no") }
            }
            if own.options.contains(.noLoop) { flags.append("noloop") }
            if own.options.contains(.brokenRedirection) { flags.append("broken_redirect") }
        }
        call.reply.map(3)
        call.reply.bulk("flags")
        call.reply.set(flags.count)
        for flag in flags { call.reply.bulk(flag) }
        call.reply.bulk("redirect")
        call.reply.integer(call.engine.redirection(call.client))
        call.reply.bulk("prefixes")
        let prefixes = own?.options.contains(.broadcast) == true ? own?.prefixes ?? [] : []
        call.reply.array(prefixes.count)
        for prefix in prefixes { prefix.withUnsafeBytes { call.reply.bulk($0) } }
    }
}
