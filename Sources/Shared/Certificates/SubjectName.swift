import Glibc
import SwiftASN1
import X509

/// One name that a server certificate answers for: a DNS name, a wildcard, or an IP address.
package enum SubjectName: Hashable, Sendable {
    /// A DNS name in lower case, with `*` as the whole first label in a wildcard.
    case dns(String)
    /// An address in network byte order: 4 bytes (IPv4) or 16 (IPv6).
    case address([UInt8])

    /// Reads what a user or a setting says: `db.example.com`, `*.example.com`, `127.0.0.1`, `::1`, `[::1]`.
    package init(_ text: String) throws(CertificateFailure) {
        var name = text
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if let bytes = Self.addressBytes(name) {
            self = .address(bytes)
            return
        }
        if name.hasSuffix(".") { name.removeLast() }
        if let reason = Self.reasonAgainst(domainName: name) {
            throw .invalidName(text, reason: reason)
        }
        self = .dns(name.lowercased())
    }

    /// The address bytes of a numeric IPv4 or IPv6 address, or nil where the text is none.
    private static func addressBytes(_ text: String) -> [UInt8]? {
        // inet_pton reads up to the first NUL byte, which would let "127.0.0.1\0.example.com" pass.
        guard !text.utf8.contains(0) else { return nil }
        var version4 = in_addr()
        if inet_pton(AF_INET, text, &version4) == 1 {
            return withUnsafeBytes(of: &version4) { Array($0) }
        }
        var version6 = in6_addr()
        if inet_pton(AF_INET6, text, &version6) == 1 {
            return withUnsafeBytes(of: &version6) { Array($0) }
        }
        return nil
    }

    /// Why the text is no DNS name, or nil where it is one (RFC 1123 §2.1, underscores allowed, RFC 6125 wildcards).
    private static func reasonAgainst(domainName: String) -> String? {
        guard !domainName.isEmpty else { return "it is empty" }
        guard domainName.utf8.count <= CertificateLimits.domainNameBytesMax else {
            return "it is longer than \(CertificateLimits.domainNameBytesMax) bytes"
        }
        var labels = domainName.split(separator: ".", omittingEmptySubsequences: false)
        if labels.first == "*" {
            labels.removeFirst()
            guard !labels.isEmpty else { return "a wildcard needs a domain behind it" }
        }
        for label in labels {
            guard !label.isEmpty else { return "it has an empty label" }
            guard label.utf8.count <= CertificateLimits.domainLabelBytesMax else {
                return "a label is longer than \(CertificateLimits.domainLabelBytesMax) bytes"
            }
            guard label.first != "-", label.last != "-" else { return "a label starts or ends with a hyphen" }
            guard label.utf8.allSatisfy(isLabelByte) else {
                return "only letters, digits, hyphens and underscores are allowed (write others as punycode), "
                    + "and * alone in front"
            }
        }
        return nil
    }

    private static func isLabelByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// The form that stands in the certificate.
    var generalName: GeneralName {
        switch self {
        case .dns(let name): .dnsName(name)
        case .address(let bytes): .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
    }

    /// The name as this module would have written it, or nil for kinds that we never issue.
    init?(_ generalName: GeneralName) {
        switch generalName {
        case .dnsName(let name): self = .dns(name.lowercased())
        case .ipAddress(let octets): self = .address(Array(octets.bytes))
        default: return nil
        }
    }
}

extension SubjectName: CustomStringConvertible {
    /// The name as a client would type it.
    package var description: String {
        switch self {
        case .dns(let name): name
        case .address(let bytes): Self.addressText(bytes)
        }
    }

    private static func addressText(_ bytes: [UInt8]) -> String {
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard bytes.count == 4 || bytes.count == 16 else { return "?" }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
