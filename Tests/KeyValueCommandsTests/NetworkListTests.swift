import Testing

@testable import KeyValueCommands

@Suite("Trusted networks of a server")
struct NetworkListTests {
    static let rows: [(String, admitted: [String], refused: [String])] = [
        ("", ["1.2.3.4", "::1", "nonsense"], []),
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["11.0.0.0", "9.255.255.255", "::1", ""]),
        ("192.168.7.9", ["192.168.7.9"], ["192.168.7.8", "192.168.7.10"]),
        ("10.1.2.128/25", ["10.1.2.128", "10.1.2.255"], ["10.1.2.127"]),
        ("0.0.0.0/0", ["255.1.2.3"], ["::1"]),
        ("2001:db8::/33 10.0.0.1", ["2001:db8:7fff::1", "10.0.0.1"], ["2001:db8:8000::1", "10.0.0.2"]),
        ("fe80::1", ["fe80::1%eth0"], ["fe80::2%eth0"]),
    ]

    @Test("Addresses are let in by prefix", arguments: rows.indices)
    func admits(_ index: Int) throws {
        let (text, admitted, refused) = Self.rows[index]
        let list = try #require(NetworkList(words: text.split(separator: " ").map(String.init)))
        for address in admitted { #expect(list.admits(address), "\(address)") }
        for address in refused { #expect(!list.admits(address), "\(address)") }
    }

    @Test(
        "What is no network is refused",
        arguments: ["x", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "10.0.0.0/-1"])
    func refused(_ word: String) { #expect(NetworkList(words: [word]) == nil) }
}
