import Testing

@testable import PoolerConfiguration

@Suite("Where metrics are served")
struct MetricsPlaceTests {
    @Test(
        arguments: [
            ("127.0.0.1:9127", .network(address: "127.0.0.1", port: 9127)), ("*:1", .network(address: "::", port: 1)),
            ("[::1]:65535", .network(address: "::1", port: 65535)), ("/run/a:b", .socket(path: "/run/a:b")),
            ("@name", .socket(path: "@name")),
        ] as [(String, MetricsPlace)])
    func places(text: String, place: MetricsPlace) throws {
        #expect(try MetricsPlace(text) == place)
    }

    @Test(
        arguments: [
            "9127", ":9127", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+5", "::1:9127",
            "[127.0.0.1]:9127", "[::1:9127", "localhost:9127", "127.0.0.1:91 27", "",
        ])
    func noPlaces(text: String) {
        #expect(throws: ValueProblem.self) { try MetricsPlace(text) }
    }
}
