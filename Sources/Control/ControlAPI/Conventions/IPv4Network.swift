/// An IPv4 network in CIDR form.
struct IPv4Network: Equatable, CustomStringConvertible {
    let address: UInt32
    let prefixLength: Int

    /// Private networks of RFC 1918.
    static let privateNetworks = [
        IPv4Network(address: 10 << 24, prefixLength: 8),
        IPv4Network(address: 172 << 24 | 16 << 16, prefixLength: 12),
        IPv4Network(address: 192 << 24 | 168 << 16, prefixLength: 16),
    ]

    init(address: UInt32, prefixLength: Int) {
        precondition((0...32).contains(prefixLength))
        self.address = address
        self.prefixLength = prefixLength
    }

    /// "10.10.0.0/20"; nil for anything else, host bits and leading zeros included.
    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let length = Self.number(halves[1], max: 32) else { return nil }
        let parts = halves[0].split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let octet = Self.number(part, max: 255) else { return nil }
            address = address << 8 | UInt32(octet)
        }
        self.init(address: address, prefixLength: length)
        guard address & ~mask == 0 else { return nil }
    }

    private static func number(_ text: Substring, max: Int) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int(text), value <= max, String(value) == text
        else { return nil }
        return value
    }

    private var mask: UInt32 { prefixLength == 0 ? 0 : UInt32.max << UInt32(32 - prefixLength) }

    var description: String {
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)/\(prefixLength)"
    }

    func contains(_ other: IPv4Network) -> Bool {
        prefixLength <= other.prefixLength && other.address & mask == address
    }

    func overlaps(_ other: IPv4Network) -> Bool { contains(other) || other.contains(self) }
}
