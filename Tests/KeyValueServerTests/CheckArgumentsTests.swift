import Testing

@testable import KeyValueServer

/// The command line of `atoll kv check`.
@Suite struct CheckArgumentsTests {
    @Test(
        arguments: [
            (["a"], CheckArguments(path: "a")),
            (["--fix", "a"], CheckArguments(path: "a", change: .fix)),
            (["a", "--fix", "--yes"], CheckArguments(path: "a", change: .fix, isAnswered: true)),
            (["--truncate-to-timestamp", "17", "a"], CheckArguments(path: "a", change: .cut(untilSeconds: 17))),
            ([], nil), (["a", "b"], nil), (["--fix"], nil), (["--fix", "--fix", "a"], nil), (["--other", "a"], nil),
            (["--truncate-to-timestamp", "a"], nil), (["--truncate-to-timestamp", "0", "a"], nil),
            (["--truncate-to-timestamp", "17s", "a"], nil), (["--fix", "--truncate-to-timestamp", "17", "a"], nil),
        ] as [([String], CheckArguments?)])
    func reads(_ words: [String], _ expected: CheckArguments?) {
        #expect(CheckArguments(words) == expected)
    }
}
