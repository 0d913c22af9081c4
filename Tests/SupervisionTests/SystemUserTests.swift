import Foundation
import Supervision
import Testing

@Suite(.timeLimit(.minutes(2))) struct SystemUserTests {
    @Test func findsWhoIsThere() throws {
        #expect(try SystemUser.find(name: "root")?.userID == 0)
        #expect(try SystemUser.find(name: "atoll-no-such-user") == nil)
    }

    @Test(arguments: ["", "Root", "1a", "a b", "a:b", "-a", String(repeating: "a", count: 33)])
    func badNames(name: String) async {
        await #expect(throws: SystemUser.Failure.self) { try await SystemUser.ensure(name: name) }
        await #expect(throws: SystemUser.Failure.self) { try await SystemUser.remove(name: name) }
    }

    @Test(.enabled(if: isRoot, "needs root")) func comesAndGoesMoreThanOnceAndManyAtOnce() async throws {
        let stem = "atest-\(UUID().uuidString.prefix(8).lowercased())"
        let names = (0..<4).map { "\(stem)-\($0)" }
        // Each name twice at once: one of the two finds the work done.
        let users = try await withThrowingTaskGroup(of: SystemUser.self) { group in
            for name in names + names { group.addTask { try await SystemUser.ensure(name: name) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for name in names {
            let same = users.filter { $0.name == name }
            #expect(same.count == 2)
            #expect(same.first == same.last)
            #expect(try SystemUser.find(name: name) == same.first)
        }
        #expect(Set(users.map(\.userID)).count == 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names + names { group.addTask { try await SystemUser.remove(name: name) } }
            try await group.waitForAll()
        }
        for name in names { #expect(try SystemUser.find(name: name) == nil) }
    }
}
