package import Bytes

/// Where a migration takes values from: the keyspace, or what a test puts in its place.
package protocol MigrationSource: AnyObject {
    /// How the key's value is to travel, now. It becomes the value that `appendPayload` and `appendPiece` are about.
    func open(_ key: [UInt8]) -> MigrationValue
    /// How long the key is still to live.
    func lifetime(of key: [UInt8]) -> MigrationLifetime
    /// Appends the argument of RESTORE: what DUMP would return.
    func appendPayload(to output: inout OutputBuffer)
    /// Appends commands that add the value's next elements to a key of the target.
    /// - Parameter elementCountMax: about how many.
    func appendPiece(to output: inout OutputBuffer, key: [UInt8], elementCountMax: Int) -> MigrationPiece
}

/// How a value travels.
package enum MigrationValue: Equatable {
    /// There is no such key any more.
    case gone
    /// In one payload.
    case whole
    /// In pieces; the command that counts what has come together, and the number that it must reply then.
    case pieces(countCommand: String, count: Int)
    /// No server would take it.
    case tooLarge
}

/// How long a key lives.
package enum MigrationLifetime: Equatable {
    case gone
    case unlimited
    /// At least 1.
    case milliseconds(Int64)
}

/// What `MigrationSource.appendPiece` has appended.
package enum MigrationPiece: Equatable {
    /// So many commands, each with a reply.
    case commands(Int)
    /// Nothing: all has been appended before.
    case end
    /// Nothing: the key has gone meanwhile.
    case gone
    /// Nothing: an element is larger than servers take.
    case tooLarge
}
