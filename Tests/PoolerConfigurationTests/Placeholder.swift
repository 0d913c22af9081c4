import Testing

@testable import PoolerConfiguration
