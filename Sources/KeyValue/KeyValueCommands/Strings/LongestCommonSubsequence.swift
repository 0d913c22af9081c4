import Bytes
import CMemory
import Glibc

/// The longest common subsequence of two strings, by the textbook's table of lengths of all pairs of prefixes: 4 bytes
/// for each, so a caller bounds the product of the lengths first.
struct LongestCommonSubsequence: ~Copyable {
    let first: ByteSlice
    let second: ByteSlice
    /// Cell `(i, j)` at `i * (second.count + 1) + j`: the length for the prefixes of i and j bytes.
    private let cells: UnsafeMutablePointer<UInt32>
    private let columnCount: Int

    /// Bytes that the table takes for strings of these lengths; nil if that is no number.
    static func byteCount(_ firstCount: Int, _ secondCount: Int) -> Int? {
        let (cells, overflow) = (firstCount + 1).multipliedReportingOverflow(by: secondCount + 1)
        let (bytes, overflowToo) = cells.multipliedReportingOverflow(by: MemoryLayout<UInt32>.stride)
        return overflow || overflowToo ? nil : bytes
    }

    /// - Complexity: O(first.count * second.count)
    init(_ first: ByteSlice, _ second: ByteSlice) {
        self.first = first
        self.second = second
        columnCount = second.count + 1
        let byteCount = (first.count + 1) * columnCount * MemoryLayout<UInt32>.stride
        let memory = atoll_memory_take(byteCount).unsafelyUnwrapped
        cells = memory.assumingMemoryBound(to: UInt32.self)
        memset(cells, 0, columnCount * MemoryLayout<UInt32>.stride)
        for row in 1..<max(first.count + 1, 1) {
            let above = cells + (row - 1) * columnCount
            let current = cells + row * columnCount
            let byte = first.byte(at: row - 1)
            current[0] = 0
            for column in 1..<max(columnCount, 1) {
                current[column] =
                    second.byte(at: column - 1) == byte
                    ? above[column - 1] &+ 1 : max(above[column], current[column - 1])
            }
        }
    }

    deinit {
        atoll_memory_give(cells)
    }

    /// The number of bytes in common.
    var count: Int { Int(cells[first.count * columnCount + second.count]) }

    /// A run of bytes that both strings have, by the offsets of its first and last byte in each.
    struct Match: Equatable {
        var firstStart: Int
        var firstEnd: Int
        var secondStart: Int
        var secondEnd: Int

        var count: Int { firstEnd - firstStart + 1 }
    }

    /// Visits the runs from the last one to the first one, which is the order of Redis's reply.
    func forEachMatch(_ body: (Match) -> Void) {
        var row = first.count
        var column = second.count
        var match: Match?
        while row > 0, column > 0 {
            if first.byte(at: row - 1) == second.byte(at: column - 1) {
                // After a run's byte the next one, if equal too, is always its neighbour in both strings.
                if match == nil {
                    match = Match(
                        firstStart: row - 1, firstEnd: row - 1, secondStart: column - 1, secondEnd: column - 1)
                } else {
                    match?.firstStart = row - 1
                    match?.secondStart = column - 1
                }
                row -= 1
                column -= 1
            } else {
                if cells[(row - 1) * columnCount + column] > cells[row * columnCount + column - 1] {
                    row -= 1
                } else {
                    column -= 1
                }
                if let open = match { body(open) }
                match = nil
            }
        }
        if let match { body(match) }
    }

    /// Writes the bytes in common, of which there are `count`.
    func write(to target: UnsafeMutableRawPointer) {
        var row = first.count
        var column = second.count
        var index = count
        while row > 0, column > 0 {
            if first.byte(at: row - 1) == second.byte(at: column - 1) {
                index -= 1
                row -= 1
                column -= 1
                target.storeBytes(of: first.byte(at: row), toByteOffset: index, as: UInt8.self)
            } else if cells[(row - 1) * columnCount + column] > cells[row * columnCount + column - 1] {
                row -= 1
            } else {
                column -= 1
            }
        }
    }
}
