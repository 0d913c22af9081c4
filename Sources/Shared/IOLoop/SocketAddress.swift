package import Glibc

/// Where to listen.
package enum ListenEndpoint: Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal, the latter without brackets; port 0 lets the kernel choose.
    case tcp(address: String, port: UInt16)
    /// A path; a socket that lies there is replaced. Without permissions those of the umask hold.
    case unix(path: String, permissions: mode_t?)

    package var description: String {
        switch self {
        case .tcp(let address, let port): SocketAddress.text(address: address, port: port)
        case .unix(let path, _): path
        }
    }
}

/// Where to connect to.
package enum ConnectEndpoint: Sendable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal.
    case tcp(address: String, port: UInt16)
    /// A path.
    case unix(path: String)

    package var description: String {
        switch self {
        case .tcp(let address, let port): SocketAddress.text(address: address, port: port)
        case .unix(let path): path
        }
    }
}

/// An address as the kernel takes it.
package struct SocketAddress {
    /// Whether the text is an IPv4 or IPv6 address, so that no name has to be looked up.
    package static func isLiteral(_ text: String) -> Bool { SocketAddress(address: text, port: 0) != nil }

    private var storage = sockaddr_storage()
    private(set) var length: socklen_t = 0

    var family: Int32 { Int32(storage.ss_family) }

    private init() {}

    /// Nil when the text is no literal.
    init?(address: String, port: UInt16) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let found else { return nil }
        defer { freeaddrinfo(found) }
        guard let bytes = found.pointee.ai_addr, found.pointee.ai_addrlen <= MemoryLayout<sockaddr_storage>.size
        else { return nil }
        length = found.pointee.ai_addrlen
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: .init(start: bytes, count: Int(length))) }
    }

    /// Nil when the path is empty or too long. One that begins with `@` is a name of Linux's abstract sockets, which no
    /// file stands for (unix(7)).
    init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target -> Bool in
            guard !bytes.isEmpty, bytes.count < target.count, !bytes.contains(0) else { return false }
            if isAbstract { bytes[0] = 0 }
            target.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
        // A name has no zero at its end: its length tells where that is.
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 0
        length = socklen_t(isAbstract ? start + bytes.count : MemoryLayout<sockaddr_un>.size)
        withUnsafeMutableBytes(of: &storage) { target in
            withUnsafeBytes(of: &address) { target.copyMemory(from: $0) }
        }
    }

    /// The address of the other side, or of this side.
    init?(of descriptor: Int32, peer: Bool) {
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                peer ? getpeername(descriptor, address, &size) : getsockname(descriptor, address, &size)
            }
        }
        guard result == 0 else { return nil }
        length = size
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// `address:port`, with brackets around an IPv6 address; the path of a Unix socket.
    var text: String {
        guard family != AF_UNIX else { return path }
        guard let (address, port) = literal else { return "" }
        return Self.text(address: address, port: port)
    }

    /// The literal and the port of a TCP address.
    var literal: (address: String, port: UInt16)? {
        let offset: Int?
        switch family {
        case AF_INET: offset = MemoryLayout<sockaddr_in>.offset(of: \.sin_addr)
        case AF_INET6: offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr)
        default: offset = nil
        }
        guard let offset else { return nil }
        return withUnsafeBytes(of: storage) { bytes in
            guard let base = bytes.baseAddress else { return nil }
            let scope = scopeName(bytes)
            let address = String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { text in
                text.withMemoryRebound(to: CChar.self) { text in
                    guard let start = text.baseAddress,
                        inet_ntop(family, base + offset, start, socklen_t(text.count)) != nil
                    else { return 0 }
                    return strlen(start)
                }
            }
            // Both families have the port at the same place.
            return (address + scope, UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self)))
        }
    }

    /// `%` and the interface of a link-local IPv6 address (RFC 4007, section 11), as getnameinfo writes it; else empty.
    private func scopeName(_ bytes: UnsafeRawBufferPointer) -> String {
        guard family == AF_INET6, let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_scope_id) else { return "" }
        let scope = bytes.load(fromByteOffset: offset, as: UInt32.self)
        guard scope != 0 else { return "" }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(scope, &name) != nil else { return "%\(scope)" }
        return "%" + String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private var path: String {
        withUnsafeBytes(of: storage) { bytes in
            let start = MemoryLayout<sa_family_t>.size
            guard Int(length) > start else { return "" }
            if bytes[start] == 0 {
                let name = bytes[start..<Int(length)].dropFirst().prefix { $0 != 0 }
                return name.isEmpty ? "" : "@" + String(decoding: name, as: UTF8.self)
            }
            return String(decoding: bytes[start..<Int(length)].prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    static func text(address: String, port: UInt16) -> String {
        // Joined instead of interpolated: twice as fast, and servers do it for each connection.
        address.utf8.contains(UInt8(ascii: ":"))
            ? "[" + address + "]:" + String(port) : address + ":" + String(port)
    }
}
