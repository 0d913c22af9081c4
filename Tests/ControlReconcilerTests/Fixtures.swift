import ControlModel
import Foundation
import Testing

/// 2026-01-02 03:04:05 UTC.
let testTime = Date(timeIntervalSince1970: 1_767_323_045)

extension Cluster {
    static func sample(
        state: ClusterState = .online, isInitialized: Bool = true, sizeSlug: String = "db-s-1vcpu-1gb",
        configuration: [String: JSONValue] = [:]
    ) -> Cluster {
        Cluster(
            id: "0f7e6d5c-4b3a-4210-8fed-cba987654321", name: "shop", engine: .postgres, version: "15",
            sizeSlug: sizeSlug, nodeCount: 1, regionSlug: "nyc1", storageMiB: 10_240, projectID: "p", vpcID: "v",
            createdAt: testTime, port: 25_060, poolPort: 25_061,
            maintenanceWindow: MaintenanceWindow(day: "monday", hour: "04:00:00"), configuration: configuration,
            state: state, isInitialized: isInitialized)
    }
}

/// A directory for one test, removed at the end.
final class TestDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/control-reconciler-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// Expects a `ServiceError` of this kind, and that its message contains a text.
func expectRefusal(
    _ code: ServiceError.Code, _ text: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("was not refused", sourceLocation: sourceLocation)
    } catch let error as ServiceError {
        #expect(error.code == code, "\(error.message)", sourceLocation: sourceLocation)
        #expect(text.isEmpty || error.message.contains(text), "\(error.message)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
