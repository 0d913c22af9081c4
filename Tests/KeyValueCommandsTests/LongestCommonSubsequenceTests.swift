import Bytes
import Testing

@testable import KeyValueCommands

@Suite("Longest common subsequence")
struct LongestCommonSubsequenceTests {
    private typealias Match = LongestCommonSubsequence.Match

    private func solve(_ first: String, _ second: String) -> (text: String, matches: [Match]) {
        var first = first
        var second = second
        return first.withUTF8 { first in
            second.withUTF8 { second in
                let solution = LongestCommonSubsequence(ByteSlice(first), ByteSlice(second))
                var matches: [Match] = []
                solution.forEachMatch { matches.append($0) }
                let text = withUnsafeTemporaryAllocation(byteCount: solution.count + 1, alignment: 1) { room in
                    let start = room.baseAddress.unsafelyUnwrapped
                    solution.write(to: start)
                    return ByteSlice(start: start, count: solution.count).text
                }
                return (text, matches)
            }
        }
    }

    @Test("The manual's example")
    func manual() {
        let (text, matches) = solve("ohmytext", "mynewtext")
        #expect(text == "mytext")
        #expect(
            matches == [
                Match(firstStart: 4, firstEnd: 7, secondStart: 5, secondEnd: 8),
                Match(firstStart: 2, firstEnd: 3, secondStart: 0, secondEnd: 1),
            ])
    }

    @Test(
        "Edges",
        arguments: [
            ("", "", ""), ("abc", "", ""), ("", "abc", ""), ("abc", "abc", "abc"), ("abc", "xyz", ""), ("a", "ba", "a"),
        ])
    func edges(first: String, second: String, expected: String) {
        let (text, matches) = solve(first, second)
        #expect(text == expected)
        #expect(matches.reduce(0) { $0 + $1.count } == expected.utf8.count)
    }

    @Test("The table's size is told before it is made")
    func size() {
        #expect(LongestCommonSubsequence.byteCount(1 << 40, 1 << 40) == nil)
        #expect(LongestCommonSubsequence.byteCount(2, 3) == 48)
    }
}
