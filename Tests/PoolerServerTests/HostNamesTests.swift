import Testing

@testable import PoolerServer

@Suite("Addresses of host names")
struct HostNamesTests {
    private let second: Int64 = 1_000_000_000

    /// A reference to them, as expectations change nothing.
    private final class Names {
        private var names = HostNames()

        func look(up name: String, now: Int64) -> HostNames.Lookup { names.look(up: name, now: now) }

        func found(
            _ name: String, _ addresses: [String], now: Int64, lifetime: Int64, missingLifetime: Int64
        ) -> Bool {
            names.found(name, addresses, now: now, lifetime: lifetime, missingLifetime: missingLifetime)
        }
    }

    @Test func addressesAreGivenInTurn() {
        let names = Names()
        #expect(names.look(up: "h", now: 0) == .unknown)
        #expect(!names.found("h", ["a", "b", "c"], now: 0, lifetime: second, missingLifetime: second))
        #expect(names.look(up: "h", now: 1) == .known(["a", "b", "c"]))
        #expect(names.look(up: "h", now: 1) == .known(["b", "c", "a"]))
        #expect(names.look(up: "h", now: 1) == .known(["c", "a", "b"]))
        #expect(names.look(up: "h", now: 1) == .known(["a", "b", "c"]))
        #expect(names.look(up: "other", now: 1) == .unknown)
    }

    @Test(arguments: [5, 50])
    func addressesLive(_ seconds: Int64) {
        let names = Names()
        _ = names.found("h", ["a"], now: 0, lifetime: seconds * second, missingLifetime: 0)
        #expect((names.look(up: "h", now: 10 * second) == .known(["a"])) == (seconds == 50))
    }

    @Test(arguments: [5, 50])
    func missingNamesLive(_ seconds: Int64) {
        let names = Names()
        _ = names.found("h", [], now: 0, lifetime: 0, missingLifetime: seconds * second)
        #expect((names.look(up: "h", now: 10 * second) == .known([])) == (seconds == 50))
    }

    /// What does not live at all is looked up each time.
    @Test func nothingIsKeptForNoTime() {
        let names = Names()
        _ = names.found("h", ["a"], now: 7, lifetime: 0, missingLifetime: 0)
        #expect(names.look(up: "h", now: 7) == .unknown)
    }

    @Test(
        arguments: [
            (["a", "b"], ["b", "a"], false), (["a"], ["b"], true), (["a"], ["a", "b"], true),
            (["a", "b"], ["a"], true),
            // A name that cannot be found for a moment moves nobody.
            (["a"], [], false), ([], ["a"], false),
        ] as [([String], [String], Bool)])
    func moveIsNoticed(_ before: [String], _ after: [String], _ isMove: Bool) {
        let names = Names()
        _ = names.found("h", before, now: 0, lifetime: second, missingLifetime: second)
        #expect(names.found("h", after, now: 2, lifetime: second, missingLifetime: second) == isMove)
    }
}
