// CLIENT and its subcommands, except those on tracking.

import Bytes
import RESP

/// CLIENT: what clients are there, and what may be done to them.
enum ClientCommands {
    // MARK: - Names

    /// Printable characters without spaces; the empty name takes the name away.
    static func isValidName(_ name: ByteSlice) -> Bool {
        name.allSatisfy { $0 >= 0x21 && $0 <= 0x7E }
    }

    static func id(_ call: inout Call) { call.reply.integer(Int(call.client.pointee.id)) }

    static func getName(_ call: inout Call) {
        let name = call.client.pointee.details.name
        if name.isEmpty { call.reply.null() } else { call.reply.bulk(name) }
    }

    static func setName(_ call: inout Call) {
        guard isValidName(call[2]) else {
            return call.error("ERR Client names cannot contain spaces, newlines or special characters.")
        }
        call.client.pointee.details.name = call[2].text
        call.reply.ok()
    }

    static func setInformation(_ call: inout Call) {
        let option = call[2].text.lowercased()
        guard option == "lib-name" || option == "lib-ver" else {
            return call.error("ERR Unrecognized option '\(call[2].printed)'")
        }
        guard isValidName(call[3]) else {
            return call.error("ERR \(option) cannot contain spaces, newlines or special characters.")
        }
        if option == "lib-name" {
            call.client.pointee.details.libraryName = call[3].text
        } else {
            call.client.pointee.details.libraryVersion = call[3].text
        }
        call.reply.ok()
    }

    // MARK: - Lists

    static func info(_ call: inout Call) {
        call.reply.verbatim(call.engine.describe(call.client) + "\n")
    }

    static func list(_ call: inout Call) {
        var chosen = call.engine.pointee.clients.filter { !$0.pointee.flags.contains(.internalClient) }
        if call.count == 4, call.matches(2, "type") {
            guard let type = ClientType(call[3]) else { return unknownType(call, call[3]) }
            chosen = chosen.filter { ClientType(of: $0) == type }
        } else if call.count > 3, call.matches(2, "id") {
            var ids: [UInt64] = []
            for index in 3..<call.count {
                guard let id = Decimal.parse(call[index]), id > 0 else { return call.error("ERR Invalid client ID") }
                ids.append(UInt64(id))
            }
            chosen = ids.compactMap { call.engine.pointee.clientsByID[$0] }
        } else if call.count != 2 {
            return call.syntaxError()
        }
        let engine = call.engine
        call.reply.verbatim(chosen.map { engine.describe($0) + "\n" }.joined())
    }

    private static func unknownType(_ call: Call, _ name: ByteSlice) {
        call.error("ERR Unknown client type '\(name.printed)'")
    }

    // MARK: - Kill

    /// Which clients CLIENT KILL means; all that are given must fit.
    private struct Filter {
        var id: UInt64?
        var address: String?
        var localAddress: String?
        var type: ClientType?
        var user: String?
        var skipsCaller = true

        func matches(_ client: ClientReference) -> Bool {
            let details = client.pointee.details
            return (id.map { $0 == client.pointee.id } ?? true) && (address.map { $0 == details.peerAddress } ?? true)
                && (localAddress.map { $0 == details.localAddress } ?? true)
                && (type.map { $0 == ClientType(of: client) } ?? true) && (user.map { $0 == details.user } ?? true)
        }
    }

    static func kill(_ call: inout Call) {
        if call.count == 3 {
            let address = call[2].text
            guard let client = call.engine.pointee.clients.first(where: { $0.pointee.details.peerAddress == address })
            else { return call.error("ERR No such client") }
            call.reply.ok()
            return close(call, client)
        }
        guard let filter = filter(call) else { return }
        let found = call.engine.pointee.clients.filter { client in
            filter.matches(client) && !(filter.skipsCaller && client == call.client)
                && !client.pointee.flags.contains(.internalClient)
        }
        call.reply.integer(found.count)
        for client in found { close(call, client) }
    }

    private static func filter(_ call: Call) -> Filter? {
        var filter = Filter()
        var index = 2
        guard call.count % 2 == 0 else {
            call.syntaxError()
            return nil
        }
        while index + 1 < call.count {
            let value = call[index + 1]
            if call.matches(index, "id") {
                guard let id = Decimal.parse(value), id > 0 else {
                    call.error("ERR client-id should be greater than 0")
                    return nil
                }
                filter.id = UInt64(id)
            } else if call.matches(index, "type") {
                guard let type = ClientType(value) else {
                    unknownType(call, value)
                    return nil
                }
                filter.type = type
            } else if call.matches(index, "addr") {
                filter.address = value.text
            } else if call.matches(index, "laddr") {
                filter.localAddress = value.text
            } else if call.matches(index, "user") {
                guard value.equals("default") else {
                    call.error("ERR No such user '\(value.printed)'")
                    return nil
                }
                filter.user = "default"
            } else if call.matches(index, "skipme"), call.matches(index + 1, "yes") || call.matches(index + 1, "no") {
                filter.skipsCaller = call.matches(index + 1, "yes")
            } else {
                call.syntaxError()
                return nil
            }
            index += 2
        }
        return filter
    }

    /// Closes a client; the caller itself only once its reply is out.
    private static func close(_ call: Call, _ client: ClientReference) {
        call.engine.close(client, afterReply: client == call.client)
    }

    // MARK: - Switches

    static func reply(_ call: inout Call) {
        if call.matches(2, "on") {
            call.client.pointee.flags.subtract([.repliesOff, .skipNextReply])
            call.reply.ok()
        } else if call.matches(2, "off") {
            call.client.pointee.flags.insert(.repliesOff)
        } else if call.matches(2, "skip") {
            if !call.client.pointee.flags.contains(.repliesOff) { call.client.pointee.flags.insert(.skipNextReply) }
        } else {
            call.syntaxError()
        }
    }

    static func noEvict(_ call: inout Call) { setSwitch(call, .noEvict) }
    static func noTouch(_ call: inout Call) { setSwitch(call, .noTouch) }

    private static func setSwitch(_ call: Call, _ flag: ClientFlags) {
        if call.matches(2, "on") {
            call.client.pointee.flags.insert(flag)
        } else if call.matches(2, "off") {
            call.client.pointee.flags.remove(flag)
        } else {
            return call.syntaxError()
        }
        call.reply.ok()
    }

    static func unblock(_ call: inout Call) {
        var error: String?
        if call.count == 4 {
            if call.matches(3, "error") {
                error = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
            } else if !call.matches(3, "timeout") {
                return call.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        } else if call.count > 4 {
            return call.syntaxError()
        }
        guard let id = call.integer(2) else { return }
        guard let client = call.engine.pointee.clientsByID[UInt64(bitPattern: id)],
            client.pointee.details.blocked != nil
        else { return call.reply.integer(0) }
        call.engine.endWaiting(client, error: error)
        call.reply.integer(1)
    }

    static func pause(_ call: inout Call) {
        var scope = ClientPause.Scope.all
        if call.count == 4 {
            if call.matches(3, "write") {
                scope = .write
            } else if !call.matches(3, "all") {
                return call.error("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        } else if call.count > 4 {
            return call.syntaxError()
        }
        guard let milliseconds = Decimal.parse(call[2]) else {
            return call.error("ERR timeout is not an integer or out of range")
        }
        guard milliseconds >= 0 else { return call.error("ERR timeout is negative") }
        guard milliseconds <= Int64.max - call.now else { return call.error("ERR timeout is out of range") }
        call.engine.pointee.pause.begin(until: call.now + milliseconds, scope: scope)
        call.reply.ok()
    }

    static func unpause(_ call: inout Call) {
        call.engine.endPause()
        call.reply.ok()
    }
}

/// Classes of clients, as CLIENT LIST TYPE names them.
enum ClientType {
    case normal, primary, replica, pubSub

    init?(_ name: ByteSlice) {
        switch name.text.lowercased() {
        case "normal": self = .normal
        case "master": self = .primary
        case "slave", "replica": self = .replica
        case "pubsub": self = .pubSub
        default: return nil
        }
    }

    init(of client: ClientReference) {
        self = client.pointee.flags.contains(.subscribed) ? .pubSub : .normal
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// The line of CLIENT LIST.
    func describe(_ client: ClientReference) -> String {
        let details = client.pointee.details
        let subscriptions = details.subscriptions
        let output = outputState(client)
        let isExecuting = client.pointee.flags.contains(.executing)
        let query =
            isExecuting
            ? pointee.requestByteCount : client.pointee.query.count - client.pointee.parser.byteCountBeforeLongBulk
        let transaction = details.transaction
        let queued = client.pointee.flags.contains(.inTransaction) ? transaction?.requests.count ?? 0 : -1
        let fields: [(String, String)] = [
            ("id", "\(client.pointee.id)"), ("addr", details.peerAddress), ("laddr", details.localAddress),
            ("fd", "\(details.descriptor)"), ("name", details.name),
            ("age", "\((pointee.now - client.pointee.createdAt) / 1000)"),
            ("idle", "\((pointee.now - client.pointee.lastInteraction) / 1000)"), ("flags", flagLetters(client)),
            ("db", "\(client.pointee.databaseIndex)"), ("sub", "\(subscriptions.channels.count)"),
            ("psub", "\(subscriptions.patterns.count)"), ("ssub", "\(subscriptions.shardChannels.count)"),
            ("multi", "\(queued)"), ("qbuf", "\(query)"),
            ("qbuf-free", "\(max(client.pointee.query.reservedByteCount - query, 0))"),
            ("argv-mem", "\(client.pointee.parser.reservedByteCount)"),
            ("multi-mem", "\(transaction?.byteCount ?? 0)"), ("rbs", "\(output.reservedByteCount)"),
            ("rbp", "\(max(client.pointee.outputPeak, output.pendingByteCount))"),
            ("obl", "\(output.pendingByteCount - output.longByteCount)"), ("oll", "\(output.longBufferCount)"),
            ("omem", "\(output.longByteCount)"), ("tot-mem", "\(memoryByteCount(client))"),
            ("events", output.waitsForRoom ? "rw" : "r"),
            ("cmd", client.pointee.lastCommand?.pointee.fullName ?? "NULL"), ("user", details.user),
            ("redir", "\(redirection(client))"), ("resp", "\(client.pointee.protocolVersion)"),
            ("lib-name", details.libraryName), ("lib-ver", details.libraryVersion),
        ]
        return fields.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    }

    private func flagLetters(_ client: ClientReference) -> String {
        let flags = client.pointee.flags
        var letters = ""
        if flags.contains(.monitor) { letters += "O" }
        if flags.contains(.subscribed) { letters += "P" }
        if flags.contains(.inTransaction) { letters += "x" }
        if !flags.isDisjoint(with: [.blocked, .paused]) { letters += "b" }
        if flags.contains(.tracking) { letters += trackingLetters(client) }
        if flags.contains(.watchedKeyChanged) { letters += "d" }
        if flags.contains(.closeAfterReply) { letters += "c" }
        if flags.contains(.closeNow) { letters += "A" }
        if flags.contains(.unixSocket) { letters += "U" }
        if flags.contains(.noEvict) { letters += "e" }
        if flags.contains(.noTouch) { letters += "T" }
        return letters.isEmpty ? "N" : letters
    }

    /// Memory that the client holds, in bytes: buffers, queued requests, its own structures.
    package func memoryByteCount(_ client: ClientReference) -> Int {
        let output = outputState(client)
        let details = client.pointee.details
        let subscriptions = details.subscriptions
        let channels = subscriptions.channels.count + subscriptions.patterns.count + subscriptions.shardChannels.count
        return MemoryLayout<Client>.size + 512 + client.pointee.query.reservedByteCount
            + max(output.reservedByteCount, output.pendingByteCount)
            + client.pointee.parser.reservedByteCount + (details.transaction?.byteCount ?? 0)
            + (details.watched.count + channels + trackedPrefixCount(client)) * 64
    }
}
