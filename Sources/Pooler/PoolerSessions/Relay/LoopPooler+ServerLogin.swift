// From a server's connection until it may be used: `ServerLogin` says what follows, here it is done.

import Bytes
import PostgresWire

extension LoopPooler {
    /// The connection is there.
    func beginLogin(_ server: ServerPointer) {
        var target = server.pointee.pool.pointee.details.target
        if server.pointee.details.place.isUnixSocket { target.tls = .never }
        if let startup = server.pointee.client?.pointee.details.startup { target = replicationTarget(target, startup) }
        server.pointee.details.login = ServerLogin(target: target, environment: directory.environment)
        stepLogin(server) { login, output in login.start(into: &output) }
    }

    /// TLS is there.
    package func serverSecured(_ server: ServerPointer) {
        guard server.pointee.state == .login else { return }
        stepLogin(server) { login, output in login.secured(certificateHash: nil, into: &output) }
    }

    /// Bytes came from a server that is not logged in.
    func loginReceived(_ server: ServerPointer, _ bytes: ByteSlice) {
        stepLogin(server) { login, output in login.receive(bytes, into: &output) }
    }

    func stepLogin(
        _ server: ServerPointer, _ step: (inout ServerLogin, inout OutputBuffer) -> ServerLoginEvent
    ) {
        // Taken out, so that it is not copied.
        guard var login = server.pointee.details.login else { return }
        server.pointee.details.login = nil
        let event = step(&login, &server.pointee.output.pointee)
        server.pointee.details.login = login
        if let connection = server.pointee.connection, !server.pointee.output.pointee.isEmpty {
            scheduleSend(connection)
        }
        switch event {
        case .needsBytes: break
        case .needsTLS: actions.append(.secureServer(server))
        case .needsKeys(let derivation): derive(derivation, for: server)
        case .ready(let welcome): becameReady(server, welcome)
        case .failed(let failure): loginFailed(server, failure)
        }
    }

    private func becameReady(_ server: ServerPointer, _ welcome: ServerWelcome) {
        let leftover = server.pointee.details.login?.takeLeftover() ?? []
        server.pointee.details.login = nil
        server.pointee.details.processID = welcome.backendKey?.processID ?? 0
        server.pointee.details.cancelSecret = welcome.backendKey?.secret ?? []
        for notice in welcome.notices { log(.log, server, "notice at login: \(notice.message)") }
        if let client = server.pointee.client {
            beginReplication(client, server, welcome.parameters)
        } else {
            loggedIn(server, welcome.parameters)
        }
        guard !leftover.isEmpty else { return }
        leftover.withUnsafeBytes { serverReceived(server, $0) }
    }

    /// Clients that have no other hope are told why, unless it is a matter of time.
    private func loginFailed(_ server: ServerPointer, _ failure: ServerLoginFailure) {
        let pool = server.pointee.pool
        log(.warning, server, failure.reason)
        if server.pointee.flags.contains(.forReplication) { return replicationLoginFailed(server, failure) }
        if failure.kind == .noSlot { pool.pointee.pace.foundNoSlot() }
        pool.pointee.refusal = failure.clientFailure
        endServer(server, reason: failure.serverError.map { $0[.message] ?? "login failed" } ?? failure.reason)
    }
}
