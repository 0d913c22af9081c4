// Connection pools in the state database: the sum of their sizes above all.

import ControlModel
import ControlStore
import Foundation
import Testing

@Suite struct PoolTests {
    private static func pool(_ name: String, size: Int, user: String? = "doadmin") -> ConnectionPool {
        ConnectionPool(name: name, mode: .transaction, size: size, databaseName: "defaultdb", userName: user)
    }

    @Test func `a pool comes back as it was, is changed, and goes with its cluster`() async throws {
        let test = try TestStore()
        let (cluster, other) = (try await test.cluster("db"), try await test.cluster("other"))
        let wanted = ConnectionPool(
            name: "reports", mode: .statement, size: 3, databaseName: "orders", userName: nil)
        try await test.store.insertPool(clusterID: cluster.id, wanted, sizesMax: 22)
        try await test.store.insertPool(clusterID: cluster.id, Self.pool("web", size: 4), sizesMax: 22)
        try await test.store.insertPool(clusterID: other.id, Self.pool("web", size: 22), sizesMax: 22)
        #expect(try await test.store.pools(clusterID: cluster.id) == [wanted, Self.pool("web", size: 4)])
        await expectRefusal(.unprocessableEntity, "pool name is not available") {
            try await test.store.insertPool(clusterID: cluster.id, Self.pool("web", size: 1), sizesMax: 22)
        }
        let changed = Self.pool("reports", size: 18, user: "app")
        try await test.store.updatePool(clusterID: cluster.id, changed, sizesMax: 22)
        #expect(try await test.store.pools(clusterID: cluster.id).first == changed)
        await expectRefusal(.notFound, "pool x") {
            try await test.store.updatePool(clusterID: cluster.id, Self.pool("x", size: 0), sizesMax: 22)
        }
        await expectRefusal(.notFound, "pool x") {
            try await test.store.removePool(clusterID: cluster.id, name: "x")
        }
        try await test.store.removePool(clusterID: cluster.id, name: "web")
        #expect(try await test.store.pools(clusterID: cluster.id) == [changed])
        try await test.store.removeCluster(clusterID: cluster.id)
        #expect(try await test.store.pools(clusterID: cluster.id).isEmpty)
        #expect(try await test.store.pools(clusterID: other.id).count == 1)
    }

    @Test func `sizes add up to the limit and not beyond, a pool's own not counted twice`() async throws {
        let test = try TestStore()
        let id = try await test.cluster("db").id
        try await test.store.insertPool(clusterID: id, Self.pool("one", size: 20), sizesMax: 22)
        await expectRefusal(
            .unprocessableEntity, "at most 2: the cluster has 22 connections for pools, and its other pools have 20"
        ) {
            try await test.store.insertPool(clusterID: id, Self.pool("two", size: 3), sizesMax: 22)
        }
        try await test.store.insertPool(clusterID: id, Self.pool("two", size: 2), sizesMax: 22)
        await expectRefusal(.unprocessableEntity, "at most 20") {
            try await test.store.updatePool(clusterID: id, Self.pool("one", size: 21), sizesMax: 22)
        }
        try await test.store.updatePool(clusterID: id, Self.pool("one", size: 19), sizesMax: 22)
        try await test.store.updatePool(clusterID: id, Self.pool("two", size: 3), sizesMax: 22)
    }

    @Test func `of fifty requests at once, no more succeed than there is room for`() async throws {
        let test = try TestStore()
        let id = try await test.cluster("db").id
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask { [store = test.store] in
                    try? await store.insertPool(clusterID: id, Self.pool("pool\(number)", size: 5), sizesMax: 22)
                }
            }
        }
        #expect(try await test.store.pools(clusterID: id).count == 4)
    }

    @Test func `a cluster in deletion takes no pool`() async throws {
        let test = try TestStore()
        let id = try await test.cluster("db").id
        try await test.store.markDeleting(clusterID: id, at: testTime)
        await expectRefusal(.notFound) {
            try await test.store.insertPool(clusterID: id, Self.pool("web", size: 1), sizesMax: 22)
        }
    }
}
