import Glibc

/// Networks that may connect: `trusted-networks`.
package struct NetworkList: Sendable, Equatable {
    private struct Network: Sendable, Equatable {
        /// 4 bytes or 16.
        var address: [UInt8]
        var prefixLength: Int

        func contains(_ other: [UInt8]) -> Bool {
            guard other.count == address.count else { return false }
            for bit in 0..<prefixLength {
                let mask = UInt8(0x80) >> UInt8(bit % 8)
                if (address[bit / 8] ^ other[bit / 8]) & mask != 0 { return false }
            }
            return true
        }
    }

    private var networks: [Network] = []

    /// - Parameter words: addresses, or networks in CIDR form; none means everybody. nil if one is neither.
    package init?(words: [String]) {
        for word in words {
            let parts = word.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let address = Self.bytes(String(parts[0])) else { return nil }
            var prefixLength = address.count * 8
            if parts.count == 2 {
                guard let length = Int(parts[1]), (0...prefixLength).contains(length) else { return nil }
                prefixLength = length
            }
            networks.append(Network(address: address, prefixLength: prefixLength))
        }
    }

    /// Whether a peer at this numeric address may connect. An IPv4 address in IPv6's clothes counts as itself.
    package func admits(_ literal: String) -> Bool {
        if networks.isEmpty { return true }
        let mapped = literal.lowercased().hasPrefix("::ffff:") && literal.contains(".")
        guard let address = Self.bytes(mapped ? String(literal.dropFirst(7)) : literal) else { return false }
        return networks.contains { $0.contains(address) }
    }

    private static func bytes(_ literal: String) -> [UInt8]? {
        // A scope, as in fe80::1%eth0, is no part of the address.
        let text = String(literal.prefix { $0 != "%" })
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &buffer) == 1 { return Array(buffer[..<4]) }
        return inet_pton(AF_INET6, text, &buffer) == 1 ? buffer : nil
    }
}
