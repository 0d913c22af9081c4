import CAtoll
import Glibc

extension ListeningSocket {
    /// Connections that wait for accept at most; the kernel lowers it to its own limit.
    private static let backlog: Int32 = 4096

    /// Binds and listens. The descriptor is closed on exec; the spawn passes it on.
    func bindSocket() throws(StartFailure) -> Int32 {
        if let problem { throw StartFailure(stage: "listen", errorNumber: EINVAL, message: problem) }
        switch self {
        case .tcp(let host, let port): return try Self.bindTCP(host: host, port: port)
        case .unix(let path, let mode): return try Self.bindUnix(path: path, mode: mode)
        }
    }

    /// Removes what binding left in the file system.
    func removeFile() {
        if case .unix(let path, _) = self { unlink(path) }
    }

    private static func bindTCP(host: String, port: UInt16) throws(StartFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let address = list else {
            throw StartFailure(
                stage: "listen", errorNumber: EINVAL,
                message: "cannot listen on \(host): give a numeric IPv4 or IPv6 address, as in 127.0.0.1 or ::")
        }
        defer { freeaddrinfo(address) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.ai_family, kind, 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard descriptor >= 0, bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0,
            listen(descriptor, backlog) == 0
        else { throw refusal("\(host) port \(port)", closing: descriptor) }
        return descriptor
    }

    private static func bindUnix(path: String, mode: UInt32) throws(StartFailure) -> Int32 {
        removeStale(path)
        let descriptor = UnixSocket.make(blocking: true)
        // The mask keeps others out until chmod; this program has one thread, so nothing else sees the mask.
        let mask = umask(0o177)
        let bound = UnixSocket.withAddress(path) { bind(descriptor, $0, $1) }
        let errorNumber = errno
        umask(mask)
        errno = errorNumber
        guard bound == 0, chmod(path, mode) == 0, listen(descriptor, backlog) == 0 else {
            throw refusal(path, closing: descriptor)
        }
        return descriptor
    }

    /// A socket file that nobody listens on stands in the way of bind.
    static func removeStale(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe = UnixSocket.make(blocking: false)
        defer { close(probe) }
        if UnixSocket.withAddress(path, { connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
    }

    private static func refusal(_ what: String, closing descriptor: Int32) -> StartFailure {
        let errorNumber = errno
        if descriptor >= 0 { close(descriptor) }
        let advice =
            switch errorNumber {
            case EADDRINUSE: "; another program has it, stop that or choose another"
            case EACCES: "; ports below 1024 and foreign directories need root"
            default: ""
            }
        return StartFailure(
            stage: "listen", errorNumber: errorNumber,
            message: "could not listen on \(what): \(systemMessage(errorNumber))\(advice)")
    }
}

/// Unix stream sockets by path.
enum UnixSocket {
    static func make(blocking: Bool) -> Int32 {
        let flags = SOCK_CLOEXEC.rawValue | (blocking ? 0 : SOCK_NONBLOCK.rawValue)
        return socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | flags), 0)
    }

    /// Calls body with the address, or returns -1 with ENAMETOOLONG.
    static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        guard path.utf8.count <= ListeningSocket.unixPathBytesMax else {
            errno = ENAMETOOLONG
            return -1
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    /// Calls body with the address of a file in a directory whose own path may be longer than a socket path:
    /// the kernel reaches the directory through our descriptor of it.
    static func withAddress(
        of name: String, in directory: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        // O_PATH, which Glibc's module does not offer.
        let descriptor = open(directory, 0o10000000 | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return -1 }
        let outcome = withAddress("/proc/self/fd/\(descriptor)/\(name)", body)
        let errorNumber = errno
        close(descriptor)
        errno = errorNumber
        return outcome
    }
}
