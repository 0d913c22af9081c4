import Glibc

/// An address of IPv4 or IPv6.
package struct NetworkAddress: Equatable, Sendable {
    /// Four or sixteen, in network order.
    package let bytes: [UInt8]

    /// Nil unless there are four or sixteen bytes. An IPv4 address inside an IPv6 one is the IPv4 address: that is
    /// what a client of IPv4 has at a socket that listens for both.
    package init?(bytes: [UInt8]) {
        let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16: self.bytes = bytes.starts(with: mappedPrefix) ? Array(bytes[12...]) : bytes
        default: return nil
        }
    }

    /// An address in the usual notation.
    package init?(_ text: String) {
        guard let bytes = Self.parse(text, family: AF_INET6, count: 16) ?? Self.parse(text, family: AF_INET, count: 4)
        else {
            return nil
        }
        self.bytes = bytes
    }

    private static func parse(_ text: String, family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}

/// Addresses that agree in the bits of a mask.
struct AddressRange: Equatable, Sendable {
    let base: NetworkAddress
    /// As many bytes as the base.
    let mask: [UInt8]

    init?(base: NetworkAddress, prefixBits: Int) {
        guard (0...base.bytes.count * 8).contains(prefixBits) else { return nil }
        self.base = base
        mask = base.bytes.indices.map { index in
            let bits = min(max(prefixBits - index * 8, 0), 8)
            return UInt8(truncatingIfNeeded: 0xFF00 >> bits)
        }
    }

    init?(base: NetworkAddress, mask: NetworkAddress) {
        guard base.bytes.count == mask.bytes.count else { return nil }
        self.base = base
        self.mask = mask.bytes
    }

    /// Whether bits of the base lie outside the mask: no address is ever in such a range.
    var isEmpty: Bool { zip(base.bytes, mask).contains { $0 & ~$1 != 0 } }

    func contains(_ address: NetworkAddress) -> Bool {
        address.bytes.count == mask.count
            && zip(address.bytes, zip(base.bytes, mask)).allSatisfy { $0 & $1.1 == $1.0 }
    }
}
