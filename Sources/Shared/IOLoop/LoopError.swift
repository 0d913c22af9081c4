import Glibc

/// What the loop could not do when it was asked to: open, listen, connect.
package struct LoopError: Error, CustomStringConvertible {
    /// The step that failed, as the manual names it: "bind", "listen".
    package let operation: String
    /// What it was done to: an address or a path.
    package let subject: String
    /// The errno.
    package let code: Int32

    package init(operation: String, subject: String, code: Int32) {
        self.operation = operation
        self.subject = subject
        self.code = code
    }

    /// The errno in words.
    package var reason: String { String(cString: strerror(code)) }

    package var description: String { "\(operation) \(subject): \(reason)" }
}

/// Why a connection is no longer there.
package enum EndReason: Equatable {
    /// The peer has said that it will send no more, and what was to be sent to it is sent.
    case peerClosed
    /// Reading failed, most often because the peer reset the connection; the errno.
    case readFailed(Int32)
    /// Writing failed; the errno.
    case writeFailed(Int32)
    /// An outgoing connection did not come about; the errno.
    case connectFailed(Int32)
    /// The TLS handshake or a record was refused; OpenSSL's words.
    case tlsFailed(String)

    /// The reason in words.
    package var description: String {
        switch self {
        case .peerClosed: "closed by peer"
        case .readFailed(let code), .writeFailed(let code), .connectFailed(let code): String(cString: strerror(code))
        case .tlsFailed(let text): text
        }
    }
}
