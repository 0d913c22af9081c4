// Who listens to which channel, and how a message reaches them.

package import Bytes
package import RESP

/// The channels of a client.
package struct Subscriptions {
    package internal(set) var channels: Set<[UInt8]> = []
    package internal(set) var patterns: Set<[UInt8]> = []
    package internal(set) var shardChannels: Set<[UInt8]> = []

    package var isEmpty: Bool { channels.isEmpty && patterns.isEmpty && shardChannels.isEmpty }
}

/// All channels with their subscribers.
package struct ChannelDirectory {
    package internal(set) var channels: [[UInt8]: [ClientReference]] = [:]
    package internal(set) var shardChannels: [[UInt8]: [ClientReference]] = [:]
    /// In the order of subscription.
    package internal(set) var patterns: [(pattern: [UInt8], clients: [ClientReference])] = []
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Sends a message to the subscribers of the channel and of patterns that match it.
    /// - Returns: how many clients got it.
    @discardableResult
    package func publish(_ message: ByteSlice, to channel: ByteSlice) -> Int {
        guard !pointee.channels.channels.isEmpty || !pointee.channels.patterns.isEmpty else { return 0 }
        var receivers = 0
        for client in pointee.channels.channels[[UInt8](channel)] ?? [] {
            let reply = beginPush(client, 3)
            reply.bulk("message")
            reply.bulk(channel)
            reply.bulk(message)
            receivers += 1
        }
        for (pattern, clients) in pointee.channels.patterns {
            let matches = pattern.withUnsafeBytes { GlobPattern.matches($0, channel) }
            guard matches else { continue }
            for client in clients {
                let reply = beginPush(client, 4)
                reply.bulk("pmessage")
                pattern.withUnsafeBytes { reply.bulk($0) }
                reply.bulk(channel)
                reply.bulk(message)
                receivers += 1
            }
        }
        return receivers
    }

    /// The same for a shard channel.
    func publishToShard(_ message: ByteSlice, channel: ByteSlice) -> Int {
        let clients = pointee.channels.shardChannels[[UInt8](channel)] ?? []
        for client in clients {
            let reply = beginPush(client, 3)
            reply.bulk("smessage")
            reply.bulk(channel)
            reply.bulk(message)
        }
        return clients.count
    }

    /// The writer for data that a client did not ask for just now.
    package func beginPush(_ client: ClientReference, _ count: Int) -> ReplyWriter {
        outputAdded(to: client)
        stampPush(client)
        var output = client.pointee.output
        if client.pointee.flags.contains(.executing) {
            client.pointee.flags.insert(.hasDeferredPushes)
            output = client.pointee.details.deferredPushes.buffer
        }
        let reply = ReplyWriter(output: output, version: client.pointee.protocolVersion)
        reply.push(count)
        return reply
    }

    /// Sends what was pushed to a client while its command ran.
    func sendDeferredPushes(_ client: ClientReference) {
        client.pointee.flags.remove(.hasDeferredPushes)
        let buffer = client.pointee.details.deferredPushes.buffer
        client.pointee.output.pointee.append(buffer.pointee.readable)
        buffer.pointee.release()
    }

    /// Publishes a keyspace event on the channels that are switched on.
    package func publishEvent(_ event: StaticString, key: ByteSlice, databaseIndex: Int) {
        let wanted = pointee.settings.notifications
        if wanted.contains(.keyspace) {
            let channel = Array("__keyspace@\(databaseIndex)__:".utf8) + [UInt8](key)
            channel.withUnsafeBytes { _ = publish(event.bytes, to: $0) }
        }
        if wanted.contains(.keyEvent) {
            let channel = Array("__keyevent@\(databaseIndex)__:".utf8) + [UInt8](event.bytes)
            channel.withUnsafeBytes { _ = publish(key, to: $0) }
        }
    }

    /// Takes a client off all channels, without telling it.
    func removeFromPublishing(_ client: ClientReference) {
        let subscriptions = client.pointee.details.subscriptions
        for channel in subscriptions.channels { Self.remove(client, channel, &pointee.channels.channels) }
        for channel in subscriptions.shardChannels { Self.remove(client, channel, &pointee.channels.shardChannels) }
        for pattern in subscriptions.patterns { removePattern(client, pattern) }
        client.pointee.details.subscriptions = Subscriptions()
        client.pointee.flags.remove(.subscribed)
    }

    static func remove(
        _ client: ClientReference, _ channel: [UInt8], _ directory: inout [[UInt8]: [ClientReference]]
    ) {
        directory[channel]?.removeAll { $0 == client }
        if directory[channel]?.isEmpty == true { directory[channel] = nil }
    }

    func removePattern(_ client: ClientReference, _ pattern: [UInt8]) {
        guard let index = pointee.channels.patterns.firstIndex(where: { $0.pattern == pattern }) else { return }
        pointee.channels.patterns[index].clients.removeAll { $0 == client }
        if pointee.channels.patterns[index].clients.isEmpty { pointee.channels.patterns.remove(at: index) }
    }
}
