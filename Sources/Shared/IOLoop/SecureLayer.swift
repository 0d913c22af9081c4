import Bytes

/// TLS between a connection's plain bytes and its socket.
struct SecureLayer: ~Copyable {
    /// Ciphertext that the kernel has not taken.
    var outgoing = OutputBuffer()
}
