import Foundation
import Testing

extension PlatformTests {
    /// Full disks, on a small file system of their own.
    @Suite(.serialized, .enabled(if: PlatformUnderTest.isRoot, "needs root: mounts a small file system"))
    struct FaultDiskTests {
        /// A platform whose data directory lies on a file system of this many MiB.
        private func withDisk(
            megabytes: Int, _ body: (PlatformUnderTest, _ mountPoint: String) async throws -> Void
        ) async throws {
            let mountPoint = "/tmp/atoll-test-disk-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
            let mounted = try await Shell.bash("mount -t tmpfs -o size=\(megabytes)m,mode=755 tmpfs \(mountPoint)")
            guard mounted.isSuccess else {
                rmdir(mountPoint)
                throw TestFailure("\(mounted)")
            }
            var failure: (any Error)?
            do {
                try await withPlatform(directory: mountPoint + "/p") { try await body($0, mountPoint) }
            } catch {
                failure = error
            }
            _ = try await Shell.bash("umount \(mountPoint) || umount -l \(mountPoint); rmdir \(mountPoint)")
            if let failure { throw failure }
        }

        private func resize(_ mountPoint: String, megabytes: Int) async throws {
            let result = try await Shell.bash("mount -o remount,size=\(megabytes)m \(mountPoint)")
            guard result.isSuccess else { throw TestFailure("\(result)") }
        }

        @Test func aClusterThatFindsNoSpaceIsMadeOnceThereIs() async throws {
            try await withDisk(megabytes: 24) { platform, mountPoint in
                let id = try await platform.requestCluster("squeezed")
                try await platform.awaitState(ofCluster: id, "creating", message: "No space left")
                try await resize(mountPoint, megabytes: 400)
                try await platform.awaitState(ofCluster: id, "online", seconds: 90)
                let cluster = try await platform.cluster("squeezed")
                #expect(try await cluster.psql("SELECT 1").output == "1\n")
            }
        }

        @Test func theStateIsNeverHalfApplied() async throws {
            try await withDisk(megabytes: 300) { platform, mountPoint in
                let cluster = try await platform.createCluster("full")
                let users = "/v2/databases/\(cluster.id)/users"
                let before = try await platform.request("GET", users)
                _ = try await Shell.bash("dd if=/dev/zero of=\(mountPoint)/filler bs=64k 2>/dev/null; true")
                _ = try await Shell.bash("dd if=/dev/zero of=\(mountPoint)/filler2 bs=1k 2>/dev/null; true")

                var made: Set<String> = ["full"]
                var refusals = 0
                for number in 0..<8 {
                    let answer = try await platform.request(
                        "POST", "/v2/databases", body: PlatformUnderTest.createBody("late-\(number)"))
                    if answer.status == 201 { made.insert("late-\(number)") }
                    if answer.status >= 500 { refusals += 1 }
                    #expect(answer.status == 201 || answer.object["message"] is String, "\(answer.body)")
                }
                let user = try await platform.request("POST", users, body: #"{"name":"late"}"#)
                #expect(Set(try await platform.clusterNames()) == made)
                #expect(refusals > 0)
                #expect(try await platform.atoll("status").isSuccess)
                try await Shell.bash("rm \(mountPoint)/filler*").expectSuccess()

                try await platform.awaitState(ofCluster: cluster.id, "online")
                try await until("the cluster serves") { try await cluster.psql("SELECT 1").isSuccess }
                let after = try await platform.request("GET", users)
                if user.status >= 400 { #expect(after.body == before.body, "\(user.status) \(user.body)") }
                let again = try await platform.request("POST", users, body: #"{"name":"later"}"#)
                #expect(again.status == 201, "\(again.body)")
                for name in made where name != "full" {
                    #expect(try await platform.atoll("db", "delete", name, "--force").isSuccess)
                }
                try await platform.end()
                try await platform.start()
                #expect(try await platform.clusterNames() == ["full"])
            }
        }
    }
}

extension CommandResult {
    func expectSuccess() throws {
        guard isSuccess else { throw TestFailure("\(self)") }
    }
}
