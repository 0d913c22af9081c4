import ControlModel
import ControlStore
import Foundation
import GRDB
import Testing

/// 2026-01-02 03:04:05 UTC.
let testTime = Date(timeIntervalSince1970: 1_767_323_045)

/// A data directory for one test, removed at the end.
final class TestDirectory: Sendable {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/control-store-" + UUID().uuidString
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func open(at now: Date = testTime) throws -> ControlStore {
        try ControlStore(directory: path, at: now)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// A second connection, as another program has it: behind the store's back.
    func connection() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        return try DatabaseQueue(path: file("state.db"), configuration: configuration)
    }

    func mode(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: file(name))[.posixPermissions] as? Int
    }
}

/// A store in a directory of its own; the directory lives as long as this does.
struct TestStore {
    let directory = TestDirectory()
    let store: ControlStore

    init() throws {
        store = try directory.open()
    }

    /// Stores a cluster on the next free pair of ports.
    @discardableResult
    func cluster(
        _ name: String = "db", _ change: (inout ClusterDraft) -> Void = { _ in }
    ) async throws -> Cluster {
        var draft = ClusterDraft.sample(name)
        change(&draft)
        return try await store.insertCluster(draft, choosingPorts: nextPair)
    }
}

@Sendable func nextPair(_ taken: Set<Int>) -> (port: Int, poolPort: Int) {
    let port = stride(from: 25060, to: 65000, by: 2).first { !taken.contains($0) } ?? 0
    return (port, port + 1)
}

extension ClusterDraft {
    static func sample(_ name: String) -> ClusterDraft {
        ClusterDraft(
            name: name, engine: .postgres, version: "15", sizeSlug: "db-s-1vcpu-1gb", nodeCount: 1,
            regionSlug: "nyc1", storageMiB: 10240, createdAt: testTime,
            maintenanceWindow: MaintenanceWindow(day: "monday", hour: "04:00:00"))
    }
}

/// Expects a `ServiceError` of this kind, and that its message contains a text.
func expectRefusal(
    _ code: ServiceError.Code, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("was not refused", sourceLocation: sourceLocation)
    } catch let error as ServiceError {
        #expect(error.code == code, "\(error.message)", sourceLocation: sourceLocation)
        #expect(text.isEmpty || error.message.contains(text), "\(error.message)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
