package import Bytes
import Glibc
package import TLS

/// TLS between a connection's plain bytes and its socket.
struct SecureLayer: ~Copyable {
    var session: TLSSession
}

/// What TLS has agreed on with the peer; nil without TLS, or before the handshake is done.
extension Connection {
    /// The protocol chosen by ALPN.
    package var applicationProtocol: String? { secure?.pointee.session.applicationProtocol }
    /// The name that the client asked for (SNI).
    package var serverName: String? { secure?.pointee.session.serverName }
    /// The common name in the peer's verified certificate.
    package var peerCommonName: String? { secure?.pointee.session.peerCommonName }
    /// The peer's certificate in PEM form.
    package var peerCertificatePEM: String? { secure?.pointee.session.peerCertificatePEM }
    /// Whether a former session was taken up.
    package var isSessionResumed: Bool { secure?.pointee.session.isResumed ?? false }
    /// "TLSv1.3".
    package var tlsVersionName: String? { secure?.pointee.session.versionName }
    /// The cipher's name as OpenSSL has it.
    package var tlsCipherName: String? { secure?.pointee.session.cipherName }
}

extension EventLoop {
    /// Ciphertext that may wait for the socket; plaintext stays as it is until there is less.
    private static let cipherByteCountMax = 64 << 10

    /// Begins TLS on a connection that was accepted without: `secured` tells when it is there. What was appended to the
    /// output before goes out as it is. Called while nothing is under way but the present `received`, of whose bytes
    /// those that belong to TLS already are given.
    package func startTLS(
        server context: TLSServerContext, on connection: ConnectionPointer,
        received bytes: ByteSlice = ByteSlice(start: nil, count: 0)
    ) {
        precondition(connection.pointee.secure == nil, "TLS twice")
        guard connection.pointee.flags.isDisjoint(with: [.closed, .closing]) else { return }
        install(TLSSession(server: context), on: connection)
        beginUpgrade(connection, received: bytes)
    }

    /// Begins TLS on an outgoing connection: `secured` tells when it is there. The server is verified to be
    /// `serverName`, as far as the context asks for it.
    package func startTLS(
        client context: TLSClientContext, serverName: String, on connection: ConnectionPointer
    ) throws(TLSError) {
        precondition(connection.pointee.secure == nil, "TLS twice")
        precondition(connection.pointee.output.isEmpty, "bytes in front of TLS have not been sent")
        guard connection.pointee.flags.isDisjoint(with: [.closed, .closing]) else { return }
        install(try TLSSession(client: context, serverName: serverName), on: connection)
        beginUpgrade(connection, received: ByteSlice(start: nil, count: 0))
    }

    private func beginUpgrade(_ connection: ConnectionPointer, received bytes: ByteSlice) {
        guard let secure = connection.pointee.secure else { return }
        connection.pointee.flags.insert(.upgraded)
        if !connection.pointee.output.isEmpty {
            secure.pointee.session.outgoing.append(connection.pointee.output.readable)
            connection.pointee.output.removeAll()
        }
        connection.scheduleSend()
        if !bytes.isEmpty { arrivedSecured(connection, secure, bytes, application) }
    }

    func install(_ session: consuming TLSSession, on connection: ConnectionPointer) {
        let layer = UnsafeMutablePointer<SecureLayer>.allocate(capacity: 1)
        layer.initialize(to: SecureLayer(session: session))
        connection.pointee.secure = layer
        connection.pointee.flags.insert(.secure)
    }

    /// Encrypts output as far as it makes sense now. True if there is anything for the socket.
    @inline(__always)
    func prepareWire(_ connection: ConnectionPointer) -> Bool {
        guard let secure = connection.pointee.secure else { return !connection.pointee.output.isEmpty }
        encrypt(connection, secure)
        return !secure.pointee.session.outgoing.isEmpty
    }

    private func encrypt(_ connection: ConnectionPointer, _ secure: UnsafeMutablePointer<SecureLayer>) {
        while !connection.pointee.output.isEmpty, secure.pointee.session.outgoing.count < Self.cipherByteCountMax {
            let taken = secure.pointee.session.write(connection.pointee.output.readable)
            guard taken > 0 else { return }
            connection.pointee.output.consume(taken)
        }
    }

    /// Ciphertext came.
    func arrivedSecured(
        _ connection: ConnectionPointer, _ secure: UnsafeMutablePointer<SecureLayer>, _ bytes: ByteSlice,
        _ application: any LoopApplication
    ) {
        let capacity = Self.plainBufferByteCount
        secure.pointee.session.feed(bytes)
        var filled = 0
        reading: while true {
            switch secure.pointee.session.read(into: plainBuffer + filled, capacity: capacity - filled) {
            case .bytes(let count):
                filled += count
                guard capacity - filled < TLSSession.recordByteCountMax else { continue }
                deliver(connection, &filled, application)
                if !connection.pointee.flags.isDisjoint(with: [.closed, .readingPaused]) { break reading }
            case .established:
                established(connection, application)
                if connection.pointee.flags.contains(.closed) { break reading }
            case .needsMore:
                deliver(connection, &filled, application)
                break reading
            case .ended:
                deliver(connection, &filled, application)
                reachedEnd(connection)
                break reading
            case .failed(let text):
                deliver(connection, &filled, application)
                failedSecured(connection, text, application)
                break reading
            }
        }
        let rest = secure.pointee.session.takeUnread()
        if connection.pointee.flags.contains(.readingPaused), !rest.isEmpty { connection.pointee.held.append(rest) }
        if !secure.pointee.session.outgoing.isEmpty { connection.scheduleSend() }
    }

    private func deliver(
        _ connection: ConnectionPointer, _ filled: inout Int, _ application: any LoopApplication
    ) {
        let bytes = ByteSlice(start: plainBuffer, count: filled)
        filled = 0
        guard !bytes.isEmpty, connection.pointee.flags.isDisjoint(with: [.closed, .closing]) else { return }
        application.received(connection, bytes)
    }

    private func established(_ connection: ConnectionPointer, _ application: any LoopApplication) {
        if !connection.pointee.output.isEmpty { connection.scheduleSend() }
        guard connection.pointee.flags.isDisjoint(with: [.closed, .closing]) else { return }
        if connection.pointee.flags.contains(.outgoing), !connection.pointee.flags.contains(.upgraded) {
            application.connected(connection)
        } else {
            application.secured(connection)
        }
    }

    /// The application is told at once; the peer is still sent the alert that says why.
    private func failedSecured(_ connection: ConnectionPointer, _ text: String, _ application: any LoopApplication) {
        guard !connection.pointee.flags.contains(.closed) else { return }
        let isKnown = !connection.pointee.flags.contains(.closing)
        connection.pointee.output.removeAll()
        closeAfterSending(connection)
        if isKnown { application.ended(connection, .tlsFailed(text)) }
    }
}
