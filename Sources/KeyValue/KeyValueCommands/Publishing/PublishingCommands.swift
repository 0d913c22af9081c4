import Bytes
import RESP

/// SUBSCRIBE and its family, PUBLISH, SPUBLISH.
enum PublishingCommands {
    /// The three ways to subscribe; they differ in words and in where they are kept.
    enum Kind {
        case channel, pattern, shard

        var subscribeWord: StaticString {
            switch self {
            case .channel: "subscribe"
            case .pattern: "psubscribe"
            case .shard: "ssubscribe"
            }
        }

        var unsubscribeWord: StaticString {
            switch self {
            case .channel: "unsubscribe"
            case .pattern: "punsubscribe"
            case .shard: "sunsubscribe"
            }
        }
    }

    static func subscribe(_ call: inout Call) { subscribe(call, .channel) }
    static func psubscribe(_ call: inout Call) { subscribe(call, .pattern) }
    static func ssubscribe(_ call: inout Call) { subscribe(call, .shard) }
    static func unsubscribe(_ call: inout Call) { unsubscribe(call, .channel) }
    static func punsubscribe(_ call: inout Call) { unsubscribe(call, .pattern) }
    static func sunsubscribe(_ call: inout Call) { unsubscribe(call, .shard) }

    static func publish(_ call: inout Call) {
        call.reply.integer(call.engine.publish(call[2], to: call[1]))
    }

    static func spublish(_ call: inout Call) {
        call.reply.integer(call.engine.publishToShard(call[2], channel: call[1]))
    }

    private static func subscribe(_ call: Call, _ kind: Kind) {
        // RESP2 has no way to tell a message from the replies of a transaction.
        if call.client.pointee.flags.contains(.executingTransaction), !call.reply.isRESP3 {
            return call.error("ERR \(call.command.pointee.fullName.uppercased()) is not allowed in a transaction")
        }
        for index in 1..<call.count {
            let name = [UInt8](call[index])
            add(call, kind, name)
            confirm(call, kind.subscribeWord, call[index], kind)
        }
        call.client.pointee.flags.insert(.subscribed)
    }

    private static func add(_ call: Call, _ kind: Kind, _ name: [UInt8]) {
        let client = call.client
        let engine = call.engine
        switch kind {
        case .channel:
            guard client.pointee.details.subscriptions.channels.insert(name).inserted else { return }
            engine.pointee.channels.channels[name, default: []].append(client)
        case .shard:
            guard client.pointee.details.subscriptions.shardChannels.insert(name).inserted else { return }
            engine.pointee.channels.shardChannels[name, default: []].append(client)
        case .pattern:
            guard client.pointee.details.subscriptions.patterns.insert(name).inserted else { return }
            if let index = engine.pointee.channels.patterns.firstIndex(where: { $0.pattern == name }) {
                engine.pointee.channels.patterns[index].clients.append(client)
            } else {
                engine.pointee.channels.patterns.append((name, [client]))
            }
        }
    }

    private static func unsubscribe(_ call: Call, _ kind: Kind) {
        let subscriptions = call.client.pointee.details.subscriptions
        let all =
            switch kind {
            case .channel: subscriptions.channels
            case .pattern: subscriptions.patterns
            case .shard: subscriptions.shardChannels
            }
        if call.count == 1 {
            for name in all {
                remove(call, kind, name)
                name.withUnsafeBytes { confirm(call, kind.unsubscribeWord, $0, kind) }
            }
            if all.isEmpty { confirm(call, kind.unsubscribeWord, nil, kind) }
        } else {
            for index in 1..<call.count {
                remove(call, kind, [UInt8](call[index]))
                confirm(call, kind.unsubscribeWord, call[index], kind)
            }
        }
        if call.client.pointee.details.subscriptions.isEmpty { call.client.pointee.flags.remove(.subscribed) }
    }

    private static func remove(_ call: Call, _ kind: Kind, _ name: [UInt8]) {
        let client = call.client
        let engine = call.engine
        switch kind {
        case .channel:
            guard client.pointee.details.subscriptions.channels.remove(name) != nil else { return }
            EngineReference.remove(client, name, &engine.pointee.channels.channels)
        case .shard:
            guard client.pointee.details.subscriptions.shardChannels.remove(name) != nil else { return }
            EngineReference.remove(client, name, &engine.pointee.channels.shardChannels)
        case .pattern:
            guard client.pointee.details.subscriptions.patterns.remove(name) != nil else { return }
            engine.removePattern(client, name)
        }
    }

    /// One message a channel: the word, the channel, how many are left (channels and patterns together, or shards).
    private static func confirm(_ call: Call, _ word: StaticString, _ channel: ByteSlice?, _ kind: Kind) {
        let subscriptions = call.client.pointee.details.subscriptions
        call.client.pointee.flags.insert(.pushed)
        call.reply.push(3)
        call.reply.bulk(word)
        if let channel { call.reply.bulk(channel) } else { call.reply.null() }
        call.reply.integer(
            kind == .shard
                ? subscriptions.shardChannels.count : subscriptions.channels.count + subscriptions.patterns.count)
    }
}
