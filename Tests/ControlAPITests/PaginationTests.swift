import HTTPTypes
import ControlModel
import Testing

@testable import ControlAPI

struct PaginationTests {
    struct Row: Sendable {
        var query: String
        var slugs: ClosedRange<Int>?
        var links: [String: Int]
    }

    /// Over the fourteen regions.
    @Test(arguments: [
        Row(query: "", slugs: 0...13, links: [:]),
        Row(query: "?per_page=14", slugs: 0...13, links: [:]),
        Row(query: "?per_page=5", slugs: 0...4, links: ["next": 2, "last": 3]),
        Row(query: "?per_page=5&page=2", slugs: 5...9, links: ["first": 1, "prev": 1, "next": 3, "last": 3]),
        Row(query: "?page=3&per_page=5", slugs: 10...13, links: ["first": 1, "prev": 2]),
        Row(query: "?page=4&per_page=5", slugs: nil, links: ["first": 1, "prev": 3]),
        Row(query: "?page=9223372036854775807&per_page=200", slugs: nil, links: ["first": 1, "prev": 1]),
        Row(query: "?per_page=1&page=14", slugs: 13...13, links: ["first": 1, "prev": 13]),
    ])
    func table(row: Row) async throws {
        try await APIHarness.run { api in
            let answer = try await api.send(.get, "/v2/regions\(row.query)")
            #expect(answer.status == 200)
            #expect(answer["meta"] == .object(["total": .integer(14)]))
            let expected = row.slugs.map { Region.all[$0].map(\.slug) } ?? []
            #expect(answer["regions"].count == expected.count)
            for (index, slug) in expected.enumerated() {
                #expect(answer["regions"][index]["slug"].text == slug)
            }
            #expect(answer["links"]["pages"].keys == Set(row.links.keys))
            for (name, number) in row.links {
                let url = answer["links"]["pages"][name].text
                #expect(url.hasPrefix("http://localhost/v2/regions?page=\(number)&per_page="), "\(url)")
            }
        }
    }

    @Test(arguments: [
        "page=0", "page=-1", "page=a", "page=", "page=1.5", "per_page=0", "per_page=201", "per_page=x",
        "page=99999999999999999999", "page=%00",
    ])
    func refuses(query: String) async throws {
        try await APIHarness.run { api in
            for path in ["/v2/regions", "/v2/tags", "/v2/projects", "/v2/vpcs", "/v2/sizes", "/v2/actions"] {
                let answer = try await api.send(.get, "\(path)?\(query)")
                #expect(answer.status == 400)
                #expect(answer.errorID == "bad_request")
            }
        }
    }

    @Test func linksKeepTheRestOfTheQuery() async throws {
        try await APIHarness.run { api in
            let answer = try await api.send(.get, "/v2/regions?name=a%20b&per_page=13")
            #expect(
                answer["links"]["pages"]["next"].text == "http://localhost/v2/regions?name=a%20b&page=2&per_page=13")
        }
    }

    @Test func listsOfDatabasesHaveNoPages() async throws {
        try await APIHarness.run { api in
            let answer = try await api.send(.get, "/v2/databases?page=0&per_page=x")
            #expect(answer.status == 200)
            #expect(answer.json.keys == ["databases"])
        }
    }
}
