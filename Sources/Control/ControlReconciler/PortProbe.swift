import Glibc

/// Finds out whether a TCP port can be bound now.
package enum PortProbe {
    /// True if nobody listens on the port at that address (numeric IPv4 or IPv6), nor on 127.0.0.1, and we may bind it.
    package static func isFree(_ port: Int, address: String) -> Bool {
        reasonNotToBind(port, address: address) == nil
            && (address == "127.0.0.1" || reasonNotToBind(port, address: "127.0.0.1") == nil)
    }

    /// The error number of the attempt to listen there; nil when it can be done.
    package static func reasonNotToBind(_ port: Int, address: String) -> Int32? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "\(port)", &hints, &found) == 0, let found else { return EADDRNOTAVAIL }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        // As the server itself binds: connections that are only lingering do not count.
        var enabled: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &enabled, socklen_t(MemoryLayout<Int32>.size))
        let isBound =
            bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 && listen(descriptor, 1) == 0
        return isBound ? nil : errno
    }

    /// Somebody takes connections there. For addresses of this machine, where the answer comes at once.
    static func isServed(_ port: Int, address: String) -> Bool {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "\(port)", &hints, &found) == 0, let found else { return false }
        defer { freeaddrinfo(found) }
        let descriptor = socket(found.pointee.ai_family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0
    }
}
