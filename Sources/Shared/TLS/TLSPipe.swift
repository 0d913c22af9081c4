import Bytes
import COpenSSL

/// Where OpenSSL reads ciphertext from and writes it to: memory, no socket. It lives at one address as long as its
/// session does.
struct TLSPipe {
    /// Ciphertext that was fed and not read yet; borrowed from the caller of `feed`.
    var input = ByteSlice(start: nil, count: 0)
    /// Ciphertext for the peer, at an address of its own because this structure is copyable.
    let output: UnsafeMutablePointer<OutputBuffer>
    /// Keeps alive what call-backs of the context point to.
    var serverContext: TLSServerContext?
    /// The one chosen by server name.
    var chosenContext: TLSServerContext?
    var clientContext: TLSClientContext?
    /// The name that a client asked for and checks.
    var serverName = ""

    static func of(_ session: OpaquePointer) -> UnsafeMutablePointer<TLSPipe>? {
        SSL_get_ex_data(session, 0)?.assumingMemoryBound(to: TLSPipe.self)
    }

    /// The table of call-backs, made once for the process and never freed.
    // BIO_METHOD is immutable once it is made; the pointer is only read.
    nonisolated(unsafe) static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "atoll memory") else { return nil }
        BIO_meth_set_read_ex(method) { bio, target, capacity, count in
            guard let bio, let target, let count, let pipe = TLSPipe.at(bio) else { return 0 }
            atoll_bio_clear_retry(bio)
            let input = pipe.pointee.input
            let taken = min(capacity, input.count)
            count.pointee = taken
            guard taken > 0, let base = input.baseAddress else {
                atoll_bio_set_retry_read(bio)
                return 0
            }
            UnsafeMutableRawPointer(target).copyMemory(from: base, byteCount: taken)
            pipe.pointee.input = input.slice(taken, input.count)
            return 1
        }
        BIO_meth_set_write_ex(method) { bio, bytes, byteCount, count in
            guard let bio, let bytes, let count, let pipe = TLSPipe.at(bio) else { return 0 }
            atoll_bio_clear_retry(bio)
            pipe.pointee.output.pointee.append(ByteSlice(start: bytes, count: byteCount))
            count.pointee = byteCount
            return 1
        }
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            // OpenSSL asks before it relies on buffering; everything else is refused.
            command == BIO_CTRL_FLUSH || command == BIO_CTRL_PUSH || command == BIO_CTRL_POP ? 1 : 0
        }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        return method
    }()

    private static func at(_ bio: OpaquePointer) -> UnsafeMutablePointer<TLSPipe>? {
        BIO_get_data(bio)?.assumingMemoryBound(to: TLSPipe.self)
    }
}
