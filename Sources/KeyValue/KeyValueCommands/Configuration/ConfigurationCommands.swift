import Bytes
import Keyspace
import RESP

/// CONFIG.
enum ConfigurationCommands {
    static func get(_ call: inout Call) {
        var names: [String] = []
        for index in 2..<call.count {
            let pattern = call[index].text.lowercased()
            if let row = ConfigurationTable.find(pattern) {
                names.append(pattern == row.alias ? pattern : row.name)
                continue
            }
            for row in ConfigurationTable.rows where !row.flags.contains(.hidden) {
                for name in [row.name, row.alias].compactMap({ $0 }) where matches(pattern, name) { names.append(name) }
            }
        }
        var seen: Set<String> = []
        names = names.filter { seen.insert($0).inserted }
        call.reply.map(names.count)
        for name in names {
            call.reply.bulk(name)
            call.reply.bulk(call.engine.pointee.configuration[ConfigurationTable.find(name)?.name ?? name])
        }
    }

    private static func matches(_ pattern: String, _ name: String) -> Bool {
        var pattern = pattern
        var name = name
        return pattern.withUTF8 { pattern in
            name.withUTF8 { GlobPattern.matches(ByteSlice(pattern), ByteSlice($0)) }
        }
    }

    static func set(_ call: inout Call) {
        guard mayConfigure(call) else { return refuseToClients(&call) }
        guard call.count % 2 == 0 else { return call.syntaxError() }
        var rows: [(row: ConfigurationRow, value: String)] = []
        for index in stride(from: 2, to: call.count, by: 2) {
            let name = call[index].text
            guard let row = ConfigurationTable.find(name) else {
                return call.error("ERR Unknown option or number of arguments for CONFIG SET - '\(name)'")
            }
            if call.engine.pointee.persistence.loading != nil, ["appendonly", "dir"].contains(row.name) {
                return call.error("LOADING Failed to set the specified config parameter while loading")
            }
            if let reason = refusal(call, row, rows.map(\.row.name)) {
                return call.error("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)")
            }
            rows.append((row, call[index + 1].text))
        }
        if let error = apply(call, rows) { return call.error(error) }
        call.reply.ok()
    }

    /// A managed server is configured by the control plane, which comes by the Unix socket, and by nobody else.
    private static func mayConfigure(_ call: Call) -> Bool {
        call.client.pointee.flags.contains(.unixSocket) || !call.engine.pointee.configuration.flag("managed")
    }

    private static func refuseToClients(_ call: inout Call) {
        call.error(
            "ERR this server is managed: its configuration is changed with `atoll db config set` or the API, not by "
                + "CONFIG")
    }

    private static func refusal(_ call: Call, _ row: ConfigurationRow, _ earlier: [String]) -> String? {
        if row.flags.contains(.immutable) { return "can't set immutable config" }
        if row.flags.contains(.protected), !mayChangeProtected(call) { return "can't set protected config" }
        return earlier.contains(row.name) ? "duplicate parameter" : nil
    }

    private static func mayChangeProtected(_ call: Call) -> Bool {
        switch call.settings.protectedDirectives {
        case .yes: return true
        case .no: return false
        case .local:
            let peer = call.client.pointee.details.peerAddress
            return call.client.pointee.flags.contains(.unixSocket) || peer.hasPrefix("127.") || peer.hasPrefix("[::1]")
        }
    }

    /// Sets all values or none.
    private static func apply(_ call: Call, _ rows: [(row: ConfigurationRow, value: String)]) -> String? {
        let configuration = call.engine.pointee.configuration
        let old = rows.map { ($0.row.name, configuration[$0.row.name]) }
        for (row, value) in rows {
            let words =
                row.flags.contains(.manyValues) && !value.isEmpty
                ? value.split(separator: " ").map(String.init) : [value]
            do {
                try configuration.set(row, words)
            } catch {
                for (name, value) in old { configuration.restore(name, value) }
                return "ERR CONFIG SET failed (possibly related to argument '\(row.name)') - \(error.description)"
            }
        }
        do {
            let names = Set(rows.map(\.row.name))
            try call.engine.pointee.host?.configurationChanged(names, configuration)
            call.engine.adoptConfiguration()
            return nil
        } catch {
            for (name, value) in old { configuration.restore(name, value) }
            // What took its new value before another directive failed takes the old one again.
            try? call.engine.pointee.host?.configurationChanged(Set(rows.map(\.row.name)), configuration)
            let name = error.directive ?? rows.first?.row.name ?? ""
            return "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(error.description)"
        }
    }

    static func resetStatistics(_ call: inout Call) {
        call.engine.resetStatistics()
        call.reply.ok()
    }

    static func rewrite(_ call: inout Call) {
        guard mayConfigure(call) else { return refuseToClients(&call) }
        do {
            try call.engine.pointee.configuration.rewrite()
            call.reply.ok()
        } catch {
            call.error("ERR \(error.description)")
        }
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Takes over the values of the configuration.
    package func adoptConfiguration() {
        var settings = pointee.configuration.engineSettings()
        settings.encoding.list = ListLimits(
            setting: settings.encoding.list.setting, plainByteCountMin: pointee.settings.encoding.list.plainByteCountMin
        )
        settings.databaseCount = pointee.databaseCount
        settings.skipsChecksums = pointee.settings.skipsChecksums
        let hadPassword = !pointee.settings.password.isEmpty
        pointee.settings = settings
        pointee.updateSlowTicks()
        pointee.hotKeys.setSampleRatio(settings.hotKeySampleRatio)
        updateWriteRefusal()
        // A password that is taken away lets everybody in; one that is set asks those who come later.
        if hadPassword, settings.password.isEmpty {
            for client in pointee.clients { client.pointee.flags.insert(.authenticated) }
        }
    }

    /// CONFIG RESETSTAT.
    package func resetStatistics() {
        let startMemoryByteCount = pointee.statistics.startMemoryByteCount
        pointee.statistics = Statistics()
        pointee.statistics.startMemoryByteCount = startMemoryByteCount
        pointee.reclaimer.resetReclaimedCount()
        pointee.host?.resetStatistics()
        for command in pointee.directory.all {
            command.pointee.callCount = 0
            command.pointee.ticks = 0
            command.pointee.rejectedCallCount = 0
            command.pointee.failedCallCount = 0
            command.pointee.latencies?.update(repeating: 0, count: Self.latencyBucketCount)
        }
    }
}
