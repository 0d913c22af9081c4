import Testing

@testable import KeyValueCommands

/// SORT and SORT_RO, as clients see them.
@Suite struct SortCommandTests {
    private func filled() -> Conversation {
        let client = Conversation()
        _ = client.ask("RPUSH l 3 1 2 10")
        _ = client.ask("MSET w1 5 w2 4 w3 3 w10 2 n1 one n2 two n3 three")
        for (index, weight) in [(1, 9), (2, 8), (3, 7), (10, 1)] { _ = client.ask("HSET h\(index) f \(weight)") }
        return client
    }

    @Test(arguments: [
        ("SORT l", "1 2 3 10"), ("SORT l DESC", "10 3 2 1"), ("SORT l ALPHA", "1 10 2 3"),
        ("SORT l LIMIT 1 2", "2 3"), ("SORT l LIMIT -5 2", "1 2"), ("SORT l LIMIT 9 2", ""), ("SORT l LIMIT 1 0", ""),
        ("SORT l BY w*", "10 3 2 1"), ("SORT l BY w* DESC LIMIT 0 1", "1"), ("SORT l BY h*->f", "10 3 2 1"),
        ("SORT l BY nosort", "3 1 2 10"), ("SORT l BY nosort DESC LIMIT 1 2", "2 1"),
        ("SORT l BY nosuch* ALPHA", "3 1 2 10"), ("SORT l GET n*", "one two three nil"),
        ("SORT l LIMIT 0 2 GET # GET h*->f GET x*", "1 9 nil 2 8 nil"), ("SORT_RO l", "1 2 3 10"),
    ])
    func orders(_ line: String, _ expected: String) {
        let parts = filled().ask(line).split(separator: "|").dropFirst()
        let shown = parts.compactMap { part -> String? in
            if part == "$-1" { return "nil" }
            return part.hasPrefix("$") ? nil : String(part)
        }
        #expect(shown.joined(separator: " ") == expected)
    }

    @Test func storing() {
        let client = filled()
        _ = client.ask("SADD s c a b")
        #expect(client.ask("SORT s BY nosort STORE out") == ":3")
        #expect(client.ask("LRANGE out 0 -1") == "*3|$1|a|$1|b|$1|c")
        #expect(client.ask("SORT l GET n* STORE l") == ":4")
        #expect(client.ask("LRANGE l 0 -1") == "*4|$3|one|$3|two|$5|three|$0|")
        #expect(client.ask("SORT nosuch STORE out") == ":0")
        #expect(client.ask("EXISTS out") == ":0")
    }

    @Test func refusals() {
        let client = filled()
        #expect(client.ask("SORT w1").hasPrefix("-WRONGTYPE"))
        #expect(client.ask("SORT l LIMIT 0") == "-ERR syntax error")
        #expect(client.ask("SORT_RO l STORE x") == "-ERR syntax error")
        #expect(client.ask("SORT l LIMIT a 1") == "-ERR value is not an integer or out of range")
        _ = client.ask("RPUSH l x")
        #expect(client.ask("SORT l") == "-ERR One or more scores can't be converted into double")
    }

    @Test func sortedSets() {
        let client = Conversation()
        _ = client.ask("ZADD z 1 b 2 a 3 c")
        #expect(client.ask("SORT z ALPHA") == "*3|$1|a|$1|b|$1|c")
        #expect(client.ask("SORT z BY nosort DESC LIMIT 1 1") == "*1|$1|a")
        #expect(client.ask("SORT nosuch") == "*0")
    }
}
