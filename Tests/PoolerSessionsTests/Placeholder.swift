import Testing

@testable import PoolerSessions
