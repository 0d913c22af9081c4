import PostgresCluster

/// A session of the platform's own that broke: it may tell no more than that the server has ended.
protocol SessionFailure: Error {}

extension AdminError: SessionFailure {}
extension KeyValueSessionError: SessionFailure {}
