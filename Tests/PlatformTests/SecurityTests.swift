// SQL must not lead out of a cluster, and what runs beside it must not lead in. The same checks for both ways of
// starting: as root, where each cluster has an OS user of its own, and as an ordinary user, where all share one.

import Foundation
import Testing

extension PlatformTests {
    @Suite(.serialized, .platform(cluster: "walled"))
    struct SecurityTests {
        let checks: SecurityChecks

        init() throws { checks = SecurityChecks(platform: try SharedPlatform.platform) }

        @Test func noAttemptInSQLSucceeds() async throws { try await checks.noAttemptInSQLSucceeds() }
        @Test func aSecondAdministratorGainsNothing() async throws {
            try await checks.aSecondAdministratorGainsNothing()
        }
        @Test func theServerDoesNotLetItselfIn() async throws { try await checks.theServerDoesNotLetItselfIn() }
        @Test func thePlatformsDatabasesAreClosed() async throws { try await checks.thePlatformsDatabasesAreClosed() }
        @Test func hostileNamesAreOnlyNames() async throws { try await checks.hostileNamesAreOnlyNames() }
        @Test func aHostileSchemaGainsNothing() async throws { try await checks.aHostileSchemaGainsNothing() }
        @Test func temporaryViewsGainNothing() async throws { try await checks.temporaryViewsGainNothing() }
        @Test func theDoorIsTLSAndPasswords() async throws { try await checks.theDoorIsTLSAndPasswords() }
        @Test func passwordsAreNowhereInTheOpen() async throws { try await checks.passwordsAreNowhereInTheOpen() }
        @Test(.enabled(if: PlatformUnderTest.isRoot, "another user can be tried by root only"))
        func aClustersUserReachesItsOwnFilesOnly() async throws {
            try await checks.aClustersUserReachesItsOwnFilesOnly()
        }
    }

    @Suite(
        .serialized, .enabled(if: PlatformUnderTest.isRoot, "only root can become another user"),
        .platform(cluster: "walled", runner: .ordinaryUser))
    struct SecurityAsOrdinaryUserTests {
        let checks: SecurityChecks

        init() throws { checks = SecurityChecks(platform: try SharedPlatform.platform) }

        @Test func noAttemptInSQLSucceeds() async throws { try await checks.noAttemptInSQLSucceeds() }
        @Test func aSecondAdministratorGainsNothing() async throws {
            try await checks.aSecondAdministratorGainsNothing()
        }
        @Test func theServerDoesNotLetItselfIn() async throws { try await checks.theServerDoesNotLetItselfIn() }
        @Test func thePlatformsDatabasesAreClosed() async throws { try await checks.thePlatformsDatabasesAreClosed() }
        @Test func hostileNamesAreOnlyNames() async throws { try await checks.hostileNamesAreOnlyNames() }
        @Test func aHostileSchemaGainsNothing() async throws { try await checks.aHostileSchemaGainsNothing() }
        @Test func temporaryViewsGainNothing() async throws { try await checks.temporaryViewsGainNothing() }
        @Test func theDoorIsTLSAndPasswords() async throws { try await checks.theDoorIsTLSAndPasswords() }
        @Test func passwordsAreNowhereInTheOpen() async throws { try await checks.passwordsAreNowhereInTheOpen() }
    }
}
