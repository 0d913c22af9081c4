/// Where `/metrics` is served: `ADDRESS:PORT`, with `*` for every address and brackets around one of IPv6, or the path of
/// a Unix socket.
package enum MetricsPlace: Equatable, Sendable {
    case network(address: String, port: UInt16)
    case socket(path: String)

    package init(_ text: String) throws(ValueProblem) {
        if text.hasPrefix("/") || text.hasPrefix("@") {
            self = .socket(path: text)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw Self.problem }
        let (host, digits) = (text[..<colon], text[colon...].dropFirst())
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits), port > 0
        else { throw Self.problem }
        var address = String(host)
        if host.hasPrefix("["), host.hasSuffix("]") { address = String(host.dropFirst().dropLast()) }
        // Brackets are for IPv6 alone, and IPv6 needs them.
        guard address.contains(":") == (address != host) else { throw Self.problem }
        guard address == "*" || NetworkAddress(address) != nil else { throw Self.problem }
        self = .network(address: address == "*" ? "::" : address, port: port)
    }

    private static let problem = ValueProblem("must be ADDRESS:PORT, [ADDRESS]:PORT, *:PORT or the path of a socket")
}
