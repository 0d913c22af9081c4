import Foundation
import Testing

/// All tests of the whole platform. They run one after another: each has real servers, and the machine two cores.
@Suite(.serialized)
enum PlatformTests {}

/// One platform for a suite, started before its first test and removed after its last.
struct SharedPlatform: SuiteTrait, TestScoping {
    @TaskLocal static var current: PlatformUnderTest?

    /// Name of a cluster that is created before the suite's tests; nil for none.
    var clusterName: String?
    var runner = PlatformUnderTest.Runner.current

    @concurrent
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let platform = try PlatformUnderTest(runner: runner)
        do {
            try await platform.start()
            if let clusterName { try await platform.createCluster(clusterName) }
            try await Self.$current.withValue(platform) { try await function() }
        } catch {
            try? await platform.tearDown()
            throw error
        }
        try await platform.tearDown()
    }

    /// The suite's platform; an error outside a suite with this trait.
    static var platform: PlatformUnderTest {
        get throws {
            guard let current else { throw TestFailure("the suite lacks .platform()") }
            return current
        }
    }
}

extension Trait where Self == SharedPlatform {
    /// A platform for the suite, with one cluster if a name is given.
    static func platform(
        cluster: String? = nil, runner: PlatformUnderTest.Runner = .current
    ) -> SharedPlatform {
        SharedPlatform(clusterName: cluster, runner: runner)
    }
}
