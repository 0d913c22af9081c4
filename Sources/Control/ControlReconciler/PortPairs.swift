import ControlModel

/// Which TCP ports a new cluster gets: the database on an even offset, its pools on the next port.
package struct PortPairs: Sendable, Equatable {
    /// First port of PostgreSQL clusters, 25060 by default.
    package let base: Int
    /// Key-value clusters begin at base + 40 and have a hundred ports; PostgreSQL goes on after them.
    static let keyValueOffsets = 40..<140
    /// Highest port that is ever given out.
    static let portMax = 65_534

    package init(base: Int = 25_060) {
        self.base = base
    }

    /// The first pair that no cluster has and that `isFree` says nobody else holds.
    ///
    /// - Throws: `ServiceError` when there is none. Complexity: O(number of pairs tried).
    package func choose(taken: Set<Int>, isFree: (Int) -> Bool) throws -> (port: Int, poolPort: Int) {
        var offset = 0
        while base + offset + 1 <= Self.portMax {
            if Self.keyValueOffsets.contains(offset) {
                offset = Self.keyValueOffsets.upperBound
                continue
            }
            let port = base + offset
            if !taken.contains(port), !taken.contains(port + 1), isFree(port), isFree(port + 1) {
                return (port, port + 1)
            }
            offset += 2
        }
        throw ServiceError(.serviceUnavailable, "No pair of free ports from \(base) on is left for a new cluster.")
    }
}
