import Glibc
import IOLoop
import KeyValueCommands

/// The listening sockets of a server.
final class ServerListeners {
    private var tcp: [Listener] = []
    private var unix: Listener?
    private var socketPath = ""
    private(set) var kinds: [String] = []

    /// Opens all that the configuration names.
    func openAll(_ loop: EventLoop, _ configuration: Configuration) throws(LoopError) {
        let backlog = configuration.integer("tcp-backlog")
        tcp = try Self.open(loop, configuration, port: configuration.integer("port"), backlog: backlog)
        if !tcp.isEmpty { kinds.append("tcp") }
        socketPath = configuration["unixsocket"]
        guard !socketPath.isEmpty else { return }
        unlink(socketPath)
        let mode = configuration.integer("unixsocketperm")
        unix = try loop.listen(
            .unix(path: socketPath, permissions: mode == 0 ? nil : mode_t(mode)), tag: 1, backlog: backlog)
        kinds.append("unix")
    }

    /// Addresses with a dash in front may be missing; `*` is every address.
    private static func open(
        _ loop: EventLoop, _ configuration: Configuration, port: Int, backlog: Int
    ) throws(LoopError) -> [Listener] {
        guard port > 0 else { return [] }
        var opened: [Listener] = []
        for word in configuration.words("bind") {
            let isOptional = word.hasPrefix("-")
            var address = isOptional ? String(word.dropFirst()) : word
            if address == "*" { address = "0.0.0.0" }
            if address == "::*" { address = "::" }
            do {
                let endpoint = ListenEndpoint.tcp(address: address, port: UInt16(port))
                opened.append(try loop.listen(endpoint, tag: 0, backlog: backlog))
            } catch {
                let isUnavailable = [EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT].contains(error.code)
                if isOptional && isUnavailable { continue }
                for listener in opened { loop.close(listener) }
                throw error
            }
        }
        return opened
    }

    /// Opens anew after a change of port or bind: the old sockets go when the new ones are there.
    func change(
        _ loop: EventLoop, _ configuration: Configuration, _ names: Set<String>
    ) throws(ConfigurationError) {
        guard !names.isDisjoint(with: ["port", "bind"]) else { return }
        let old = tcp
        let backlog = configuration.integer("tcp-backlog")
        let port = configuration.integer("port")
        do {
            // The same port cannot be listened on twice, so those go first.
            for listener in old { loop.close(listener) }
            tcp = try Self.open(loop, configuration, port: port, backlog: backlog)
        } catch {
            throw ConfigurationError("Unable to listen on this port. Check server logs.")
        }
    }

    func removeSocketFile() {
        if !socketPath.isEmpty { unlink(socketPath) }
    }
}
