/// The address of a socket that a shim binds for its child, as systemd does for a socket-activated service.
package enum ListeningSocket: Codable, Sendable, Equatable {
    /// A numeric IPv4 or IPv6 address; port 0 takes a free one.
    case tcp(host: String, port: UInt16)
    /// A file with these permission bits. A stale one is replaced, a live one is not.
    case unix(path: String, mode: UInt32)

    /// The kernel's `sun_path` is 108 bytes with the closing zero.
    package static let unixPathBytesMax = 107

    /// What is wrong with the address, if anything.
    var problem: String? {
        guard case .unix(let path, let mode) = self else { return nil }
        if path.utf8.count > Self.unixPathBytesMax {
            return "the socket path \(path) is \(path.utf8.count) bytes long and Linux ends at "
                + "\(Self.unixPathBytesMax); use a shorter directory"
        }
        if !path.hasPrefix("/") || path.utf8.contains(0) { return "the socket path \"\(path)\" must be absolute" }
        return mode > 0o777 ? "the socket mode \(String(mode, radix: 8)) is above 777" : nil
    }
}
