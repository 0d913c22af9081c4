/// The limits of all that is read from configuration files.
package enum ConfigurationLimits {
    /// Bytes of all files read for one configuration.
    package static let bytesMax = 64 << 20
    /// Files read for one configuration, each time that one is included.
    package static let filesMax = 1000
    /// How deep files may include each other; PgBouncer's limit.
    package static let includeDepthMax = 10
    /// How deep lists of names in a host-based rule may name further files.
    package static let nameFileDepthMax = 10
    /// Bytes of the name of a database; PgBouncer's limit.
    package static let databaseNameBytesMax = 63
    /// Bytes of the name of a user; PgBouncer's limit.
    package static let userNameBytesMax = 127
    /// Bytes of a password or of the secret made of it; PgBouncer's limit.
    package static let secretBytesMax = 65530
    /// The highest number that a group of peers can give to a member: what fits beside the rest into a cancel key.
    package static let peerNumberMax = 16383
    /// Notes kept of one reading: the rest would only hide them.
    package static let notesMax = 100
    /// The longest time that fits into microseconds.
    package static let secondsMax: Int64 = 9_000_000_000_000
    /// Numbers are as wide as PgBouncer's.
    package static let integerMax = Int(Int32.max)
    /// Loops that the pooler may run.
    package static let workerThreadsMax = 1024
}
