import Glibc
import IOLoop
import KeyValueCommands
import TLS

/// The listening sockets of a server: plain TCP, TLS and a Unix socket.
final class ServerListeners {
    /// What a set of TCP listeners was opened for.
    private struct Place: Equatable {
        var port = 0
        var addresses: [String] = []
    }

    private var plain: [Listener] = []
    private var plainPlace = Place()
    private var secure: [Listener] = []
    private var securePlace = Place()
    private var context: TLSServerContext?
    private var unix: Listener?
    private var socketPath = ""
    /// What is listened on, in the words of the log: tcp, tls, unix.
    private(set) var kinds: [String] = []
    private var backlog = 511
    /// socket-mark-id; 0 for none.
    private var mark: UInt32 = 0
    /// Why a socket could not be marked, to be logged.
    private(set) var markFailure: String?

    /// Opens all that the configuration names.
    func openAll(_ loop: EventLoop, _ configuration: Configuration) throws(ServerStartError) {
        backlog = configuration.integer("tcp-backlog")
        mark = UInt32(clamping: configuration.integer("socket-mark-id"))
        do {
            try change(loop, configuration, readsCertificates: true)
        } catch {
            throw ServerStartError(error.description)
        }
        if !plain.isEmpty { kinds.append("tcp") }
        if !secure.isEmpty { kinds.append("tls") }
        try openUnixSocket(loop, configuration)
    }

    private func openUnixSocket(_ loop: EventLoop, _ configuration: Configuration) throws(ServerStartError) {
        socketPath = configuration["unixsocket"]
        guard !socketPath.isEmpty else { return }
        unlink(socketPath)
        let mode = configuration.integer("unixsocketperm")
        do {
            unix = try loop.listen(
                .unix(path: socketPath, permissions: mode == 0 ? nil : mode_t(mode)), tag: 1, backlog: backlog)
        } catch {
            throw ServerStartError("Failed opening Unix socket: bind: \(error.reason)")
        }
        kinds.append("unix")
    }

    /// Follows changes of ports, addresses and certificates.
    /// - Parameter readsCertificates: reads the files anew: new connections get the new certificate.
    func change(
        _ loop: EventLoop, _ configuration: Configuration, readsCertificates: Bool
    ) throws(ConfigurationError) {
        let addresses = configuration.words("bind")
        let tlsPort = configuration.integer("tls-port")
        if tlsPort > 0, readsCertificates || context == nil {
            context = try Self.makeContext(configuration, previous: context)
            for listener in secure { listener.tls = context }
        }
        let wantedPlain = Place(port: configuration.integer("port"), addresses: addresses)
        if wantedPlain != plainPlace {
            plain = try move(loop, plain, from: plainPlace, to: wantedPlain, tls: nil, directive: "port")
            plainPlace = wantedPlain
        }
        let wantedSecure = Place(port: tlsPort, addresses: addresses)
        if wantedSecure != securePlace {
            secure = try move(loop, secure, from: securePlace, to: wantedSecure, tls: context, directive: "tls-port")
            securePlace = wantedSecure
        }
    }

    /// Opens the new listeners and closes the old ones; if that fails the old ones stay, or are opened again.
    private func move(
        _ loop: EventLoop, _ old: [Listener], from oldPlace: Place, to place: Place, tls: TLSServerContext?,
        directive: String
    ) throws(ConfigurationError) -> [Listener] {
        // Two sockets cannot have one address: with the same port the old ones go first.
        let closesFirst = oldPlace.port == place.port
        do {
            if closesFirst { for listener in old { loop.close(listener) } }
            let new = try open(loop, place, tls)
            if !closesFirst { for listener in old { loop.close(listener) } }
            return new
        } catch {
            if closesFirst, let again = try? open(loop, oldPlace, tls) {
                if tls == nil { plain = again } else { secure = again }
            }
            let name = oldPlace.port == place.port ? "bind" : directive
            let reason =
                name == "bind"
                ? "Failed to bind to specified addresses." : "Unable to listen on this port. Check server logs."
            throw ConfigurationError("\(reason) (\(error.description))", directive: name)
        }
    }

    /// Addresses with a dash in front may be missing; `*` is every address.
    private func open(
        _ loop: EventLoop, _ place: Place, _ tls: TLSServerContext?
    ) throws(LoopError) -> [Listener] {
        guard place.port > 0 else { return [] }
        var opened: [Listener] = []
        for word in place.addresses {
            let isOptional = word.hasPrefix("-")
            var address = isOptional ? String(word.dropFirst()) : word
            if address == "*" { address = "0.0.0.0" }
            if address == "::*" { address = "::" }
            do {
                let endpoint = ListenEndpoint.tcp(address: address, port: UInt16(place.port))
                let listener = try loop.listen(endpoint, tag: tls == nil ? 0 : 2, backlog: backlog, tls: tls)
                opened.append(listener)
                if mark > 0 {
                    let code = listener.setMark(mark)
                    if code != 0 { markFailure = String(cString: strerror(code)) }
                }
            } catch {
                let isUnavailable = [EADDRNOTAVAIL, EAFNOSUPPORT, EPROTONOSUPPORT].contains(error.code)
                if isOptional && isUnavailable { continue }
                for listener in opened { loop.close(listener) }
                throw error
            }
        }
        return opened
    }

    private static func makeContext(
        _ configuration: Configuration, previous: TLSServerContext?
    ) throws(ConfigurationError) -> TLSServerContext {
        func text(_ name: String) -> String? {
            let value = configuration[name]
            return value.isEmpty ? nil : value
        }
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError("Unable to update TLS configuration. Check server logs. (\(reason))")
        }
        guard let certificate = text("tls-cert-file") else { throw failure("No tls-cert-file configured!") }
        guard let key = text("tls-key-file") else { throw failure("No tls-key-file configured!") }
        let verification = configuration["tls-auth-clients"]
        guard verification == "no" || text("tls-ca-cert-file") != nil || text("tls-ca-cert-dir") != nil else {
            throw failure(
                "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-auth-clients is enabled")
        }
        var settings = TLSServerSettings(
            identity: TLSIdentity(certificateFile: certificate, keyFile: key, keyPassword: text("tls-key-file-pass")))
        settings.authorities = TLSAuthorities(file: text("tls-ca-cert-file"), directory: text("tls-ca-cert-dir"))
        settings.clientVerification =
            verification == "yes" ? .required : verification == "optional" ? .optional : .none
        if let protocols = text("tls-protocols") {
            guard let versions = TLSVersion.parse(protocols) else { throw failure("Invalid tls-protocols") }
            settings.versions = versions
        }
        settings.ciphers = text("tls-ciphers")
        settings.cipherSuites = text("tls-ciphersuites")
        settings.prefersServerCiphers = configuration.flag("tls-prefer-server-ciphers")
        settings.cachesSessions = configuration.flag("tls-session-caching")
        settings.sessionCacheSize = configuration.integer("tls-session-cache-size")
        settings.sessionTimeoutSeconds = configuration.integer("tls-session-cache-timeout")
        settings.dhParametersFile = text("tls-dh-params-file")
        do {
            return try TLSServerContext(settings, previous: previous)
        } catch {
            throw failure("\(error)")
        }
    }

    /// What is listened on, for INFO: `listener0:name=tcp,bind=127.0.0.1,port=6379`.
    var information: [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        // Redis numbers the kinds of connections, not the listeners.
        for (number, kind, listeners, place) in [(0, "tcp", plain, plainPlace), (2, "tls", secure, securePlace)]
        where !listeners.isEmpty {
            let addresses = place.addresses.map { ",bind=\($0)" }.joined()
            lines.append(("listener\(number)", "name=\(kind)\(addresses),port=\(place.port)"))
        }
        if unix != nil { lines.append(("listener1", "name=unix,bind=\(socketPath)")) }
        return lines.sorted { $0.name < $1.name }
    }

    func removeSocketFile() {
        if !socketPath.isEmpty { unlink(socketPath) }
    }
}

/// Why a server could not start, in words for the log.
package struct ServerStartError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
