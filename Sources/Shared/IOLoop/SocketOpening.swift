import Glibc

/// Opens sockets that listen or connect, all non-blocking and not inherited by children.
package enum SocketOpening {
    private static let streamFlags =
        Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    static func listen(
        _ endpoint: ListenEndpoint, backlog: Int, _ options: ListenOptions
    ) throws(LoopError) -> Int32 {
        switch endpoint {
        case .tcp(let address, let port):
            guard let target = SocketAddress(address: address, port: port) else {
                throw LoopError(operation: "listen", subject: endpoint.description, code: EINVAL)
            }
            return try listen(endpoint, target, backlog: backlog, options)
        case .unix(let path, let permissions):
            guard let target = SocketAddress(path: path) else {
                throw LoopError(operation: "listen", subject: path, code: ENAMETOOLONG)
            }
            unlinkSocket(path)
            let descriptor = try listen(endpoint, target, backlog: backlog, ListenOptions())
            guard let permissions, !path.hasPrefix("@"), chmod(path, permissions) != 0 else { return descriptor }
            let code = errno
            close(descriptor)
            throw LoopError(operation: "chmod", subject: path, code: code)
        }
    }

    private static func listen(
        _ endpoint: ListenEndpoint, _ target: SocketAddress, backlog: Int, _ options: ListenOptions
    ) throws(LoopError) -> Int32 {
        let descriptor = socket(target.family, streamFlags, 0)
        guard descriptor >= 0 else {
            throw LoopError(operation: "socket", subject: endpoint.description, code: errno)
        }
        if target.family == AF_INET6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        if target.family != AF_UNIX { setOption(descriptor, SOL_SOCKET, SO_REUSEADDR) }
        func fits(_ result: Int32) -> Int32 { result == 0 ? 0 : errno }
        let steps: [(String, () -> Int32)] = [
            ("SO_REUSEPORT", { options.applyBeforeBind(to: descriptor) }),
            ("bind", { fits(target.withPointer { bind(descriptor, $0, $1) }) }),
            ("setsockopt", { options.applyBeforeListen(to: descriptor) }),
            ("listen", { fits(Glibc.listen(descriptor, Int32(clamping: backlog))) }),
        ]
        for (step, perform) in steps {
            let code = perform()
            guard code != 0 else { continue }
            close(descriptor)
            throw LoopError(operation: step, subject: endpoint.description, code: code)
        }
        return descriptor
    }

    /// The endpoint with the port that was really taken.
    static func resolved(_ endpoint: ListenEndpoint, _ descriptor: Int32) -> ListenEndpoint {
        guard case .tcp(let address, 0) = endpoint,
            let literal = SocketAddress(of: descriptor, peer: false)?.literal
        else { return endpoint }
        return .tcp(address: address, port: literal.port)
    }

    /// A socket whose connection is under way or done; `localAddress` chooses the way out.
    package static func connect(
        _ endpoint: ConnectEndpoint, localAddress: String? = nil, _ options: SocketOptions = SocketOptions()
    ) throws(LoopError) -> Int32 {
        let target: SocketAddress? =
            switch endpoint {
            case .tcp(let address, let port): SocketAddress(address: address, port: port)
            case .unix(let path): SocketAddress(path: path)
            }
        guard let target else { throw LoopError(operation: "connect", subject: endpoint.description, code: EINVAL) }
        let descriptor = socket(target.family, streamFlags, 0)
        guard descriptor >= 0 else {
            throw LoopError(operation: "socket", subject: endpoint.description, code: errno)
        }
        let refused = target.family == AF_UNIX ? 0 : options.apply(to: descriptor)
        guard refused == 0 else {
            close(descriptor)
            throw LoopError(operation: "setsockopt", subject: endpoint.description, code: refused)
        }
        if let localAddress {
            let result = SocketAddress(address: localAddress, port: 0)?.withPointer { bind(descriptor, $0, $1) }
            guard result == 0 else {
                let code = result == nil ? EINVAL : errno
                close(descriptor)
                throw LoopError(operation: "bind", subject: localAddress, code: code)
            }
        }
        guard target.withPointer({ Glibc.connect(descriptor, $0, $1) }) != 0, errno != EINPROGRESS else {
            return descriptor
        }
        let code = errno
        close(descriptor)
        throw LoopError(operation: "connect", subject: endpoint.description, code: code)
    }

    /// Removes a socket that a former process left; anything else at the path stays, and bind then refuses.
    static func unlinkSocket(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        unlink(path)
    }

    /// The errno that a finished connect left, 0 when it is there.
    static func pendingError(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    private static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32) {
        var value: Int32 = 1
        _ = setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
