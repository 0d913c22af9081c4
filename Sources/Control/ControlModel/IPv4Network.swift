/// An IPv4 network in CIDR form, "10.10.0.0/20".
package struct IPv4Network: Sendable, Equatable, CustomStringConvertible {
    /// The network's first address; its host bits are zero.
    package let address: UInt32
    package let prefixLength: Int

    /// RFC 1918.
    private static let privateNetworks = [
        IPv4Network(address: 0x0A00_0000, prefixLength: 8), IPv4Network(address: 0xAC10_0000, prefixLength: 12),
        IPv4Network(address: 0xC0A8_0000, prefixLength: 16),
    ]

    package init(address: UInt32, prefixLength: Int) {
        precondition((0...32).contains(prefixLength))
        self.address = address
        self.prefixLength = prefixLength
    }

    /// nil for anything but four decimal numbers without leading zeros, a slash and a prefix length, or when host bits
    /// are set.
    package init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let prefixLength = Self.decimal(halves[1], max: 32) else { return nil }
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let byte = Self.decimal(part, max: 255) else { return nil }
            address = address << 8 | UInt32(byte)
        }
        guard address & ~Self.mask(prefixLength) == 0 else { return nil }
        self.init(address: address, prefixLength: prefixLength)
    }

    package var description: String {
        let bytes = [24, 16, 8, 0].map { String(address >> UInt32($0) & 0xFF) }
        return "\(bytes.joined(separator: "."))/\(prefixLength)"
    }

    /// Wholly inside one of RFC 1918's networks.
    package var isPrivate: Bool {
        Self.privateNetworks.contains { $0.prefixLength <= prefixLength && $0.overlaps(self) }
    }

    /// Some address is in both.
    package func overlaps(_ other: IPv4Network) -> Bool {
        let mask = Self.mask(min(prefixLength, other.prefixLength))
        return address & mask == other.address & mask
    }

    private static func mask(_ prefixLength: Int) -> UInt32 {
        prefixLength == 0 ? 0 : UInt32.max << UInt32(32 - prefixLength)
    }

    private static func decimal(_ text: Substring, max: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text == "0" || !text.hasPrefix("0"), let value = Int(text), value <= max
        else { return nil }
        return value
    }
}
