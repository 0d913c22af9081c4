import ControlModel

/// Which TCP ports a new cluster gets, a pair each: PostgreSQL and its pools, or key-value without and with TLS.
package struct PortPairs: Sendable, Equatable {
    /// First port of PostgreSQL clusters, 25060 by default.
    package let base: Int
    /// Offsets that key-value clusters have to themselves; when they are used up, both go on after them.
    static let keyValueOffsets = 40..<140
    /// Highest port that is ever given out.
    static let portMax = 65_534

    package init(base: Int = 25_060) {
        self.base = base
    }

    /// The first pair that no cluster has and that `isFree` says nobody else holds.
    ///
    /// - Throws: `ServiceError` when there is none. Complexity: O(number of pairs tried).
    package func choose(
        isKeyValue: Bool = false, taken: Set<Int>, isFree: (Int) -> Bool
    ) throws -> (port: Int, poolPort: Int) {
        var offset = isKeyValue ? Self.keyValueOffsets.lowerBound : 0
        while base + offset + 1 <= Self.portMax {
            if !isKeyValue, Self.keyValueOffsets.contains(offset) {
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
