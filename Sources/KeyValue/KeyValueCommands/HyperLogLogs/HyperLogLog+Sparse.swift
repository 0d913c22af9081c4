// The sparse form of a HyperLogLog: runs of equal registers, in order, until all 16384 are named.
//
//   00xxxxxx            x + 1 registers of value 0
//   01xxxxxx yyyyyyyy   xy + 1 registers of value 0
//   1vvvvvxx            x + 1 registers of value v + 1
//
// What a register is raised to, and when neighbours are joined, follows Redis exactly: the bytes are its clients' too.

import Bytes
import CMemory
import Glibc
import Keyspace

/// One run of the sparse form.
struct SparseRun: Equatable {
    /// 0 to 32.
    var value: UInt8
    var length: Int

    static let valueMax: UInt8 = 32
    static let valueLengthMax = 4
    static let shortZerosLengthMax = 64

    static func zeros(_ length: Int) -> SparseRun { SparseRun(value: 0, length: length) }

    /// Reads the run at an offset, and how many bytes it takes. A second byte that is missing counts as 0.
    @inline(__always)
    static func read(_ bytes: ByteSlice, at offset: Int) -> (run: SparseRun, byteCount: Int) {
        let first = bytes.byte(at: offset)
        if first & 0x80 != 0 {
            return (SparseRun(value: (first >> 2) & 0x1F + 1, length: Int(first & 3) + 1), 1)
        }
        guard first & 0x40 != 0 else { return (zeros(Int(first) + 1), 1) }
        let second = offset + 1 < bytes.count ? Int(bytes.byte(at: offset + 1)) : 0
        return (zeros(Int(first & 0x3F) << 8 + second + 1), 2)
    }

    var byteCount: Int { value == 0 && length > Self.shortZerosLengthMax ? 2 : 1 }

    /// Writes the run, of `byteCount` bytes.
    func write(to target: UnsafeMutableRawPointer) {
        let length = length - 1
        if value > 0 {
            target.storeBytes(of: 0x80 | (value - 1) << 2 | UInt8(truncatingIfNeeded: length), as: UInt8.self)
        } else if byteCount == 1 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: length), as: UInt8.self)
        } else {
            target.storeBytes(of: 0x40 | UInt8(truncatingIfNeeded: length >> 8), as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: length), toByteOffset: 1, as: UInt8.self)
        }
    }
}

extension HyperLogLog {
    /// The runs' bytes.
    private var runs: ByteSlice { buffer.bytes.slice(Self.headerByteCount, buffer.count) }

    /// Visits the runs with the number of each one's first register. The registers may come to more or less than there
    /// should be.
    func forEachRun(_ body: (SparseRun, _ first: Int) throws(Corruption) -> Void) throws(Corruption) {
        let runs = runs
        var offset = 0
        var first = 0
        while offset < runs.count {
            let (run, byteCount) = SparseRun.read(runs, at: offset)
            try body(run, first)
            first += run.length
            offset += byteCount
        }
    }

    /// Visits the runs that are not of zeros, and checks that they name every register once.
    private func forEachValue(_ body: (SparseRun, _ first: Int) -> Void) throws(Corruption) {
        var end = 0
        try forEachRun { run, first throws(Corruption) in
            end = first + run.length
            guard run.value > 0 else { return }
            guard end <= Self.registerCount else { throw Corruption() }
            body(run, first)
        }
        guard end == Self.registerCount else { throw Corruption() }
    }

    func mergeSparse(into target: UnsafeMutablePointer<UInt8>) throws(Corruption) {
        try forEachValue { run, first in
            for index in first..<first + run.length { target[index] = max(target[index], run.value) }
        }
    }

    /// Turns a sparse form into the dense one.
    mutating func makeDense() throws(Corruption) {
        guard encoding == .sparse else { return }
        let dense = Self.makeEmptyDense()
        do {
            try forEachValue { run, first in
                for index in first..<first + run.length { dense.setDenseRegister(index, run.value) }
            }
        } catch {
            dense.buffer.free()
            throw error
        }
        (dense.registers - 8).copyMemory(from: registers - 8, byteCount: 8)
        buffer.free()
        buffer = dense.buffer
    }

    /// The run that holds a register.
    private struct Location {
        var run: SparseRun
        var byteCount: Int
        /// Offset among the runs, and that of the run before (its own for the first one).
        var offset: Int
        var previousOffset: Int
        /// Its first register.
        var first: Int
    }

    private func locate(_ index: Int) throws(Corruption) -> Location {
        let runs = runs
        var offset = 0
        var previousOffset = 0
        var first = 0
        while offset < runs.count {
            let (run, byteCount) = SparseRun.read(runs, at: offset)
            if index < first + run.length {
                return Location(
                    run: run, byteCount: min(byteCount, runs.count - offset), offset: offset,
                    previousOffset: previousOffset, first: first)
            }
            previousOffset = offset
            offset += byteCount
            first += run.length
        }
        throw Corruption()
    }

    /// Raises a register, and takes the dense form where the sparse one cannot hold the value or would be too long.
    mutating func raiseSparse(_ index: Int, to value: UInt8, byteCountMax: Int) throws(Corruption) -> Bool {
        if value <= SparseRun.valueMax {
            let place = try locate(index)
            if place.run.value >= value { return false }
            if place.run.length == 1, place.byteCount == 1 {
                SparseRun(value: value, length: 1).write(to: registers + place.offset)
            } else if !split(place, at: index, value: value, byteCountMax: byteCountMax) {
                return try raiseAsDense(index, to: value)
            }
            joinNeighbours(from: place.previousOffset)
            invalidateCache()
            return true
        }
        return try raiseAsDense(index, to: value)
    }

    private mutating func raiseAsDense(_ index: Int, to value: UInt8) throws(Corruption) -> Bool {
        try makeDense()
        return raiseDense(index, to: value)
    }

    /// Replaces a run by up to three: what is before the register, the register, what is behind it.
    /// - Returns: false if that would make the string too long.
    private mutating func split(_ place: Location, at index: Int, value: UInt8, byteCountMax: Int) -> Bool {
        let before = SparseRun(value: place.run.value, length: index - place.first)
        let own = SparseRun(value: value, length: 1)
        let behind = SparseRun(value: place.run.value, length: place.first + place.run.length - 1 - index)
        let byteCount =
            (before.length > 0 ? before.byteCount : 0) + own.byteCount + (behind.length > 0 ? behind.byteCount : 0)
        let growth = byteCount - place.byteCount
        if growth > 0, buffer.count + growth > byteCountMax { return false }
        replace(place.offset, byteCount: place.byteCount, growth: growth)
        var target = registers + place.offset
        if before.length > 0 {
            before.write(to: target)
            target += before.byteCount
        }
        own.write(to: target)
        if behind.length > 0 { behind.write(to: target + own.byteCount) }
        return true
    }

    /// Makes a gap of another size where a run is; the runs behind it move.
    private mutating func replace(_ offset: Int, byteCount: Int, growth: Int) {
        let tailOffset = offset + byteCount
        let tailByteCount = runs.count - tailOffset
        let newCount = buffer.count + growth
        if growth > 0 { buffer = buffer.resized(to: newCount) }
        memmove(registers + tailOffset + growth, registers + tailOffset, tailByteCount)
        if growth < 0 { buffer = buffer.resized(to: newCount) }
    }

    /// Joins runs of the same value that fit into one, among the five from an offset on.
    private mutating func joinNeighbours(from start: Int) {
        var offset = start
        var stepsLeft = 5
        while stepsLeft > 0, offset < runs.count {
            stepsLeft -= 1
            let (run, byteCount) = SparseRun.read(runs, at: offset)
            guard run.value > 0, offset + 1 < runs.count else {
                offset += byteCount
                continue
            }
            let next = SparseRun.read(runs, at: offset + 1).run
            let length = run.length + next.length
            guard next.value == run.value, length <= SparseRun.valueLengthMax else {
                offset += 1
                continue
            }
            SparseRun(value: run.value, length: length).write(to: registers + offset + 1)
            replace(offset, byteCount: 1, growth: -1)
        }
    }

    /// The runs as PFDEBUG DECODE shows them: `z` and `Z` for zeros, `v` for values.
    func describeRuns() -> String {
        let runs = runs
        var words: [String] = []
        var offset = 0
        while offset < runs.count {
            let (run, byteCount) = SparseRun.read(runs, at: offset)
            switch (run.value, byteCount) {
            case (0, 1): words.append("z:\(run.length)")
            case (0, _): words.append("Z:\(run.length)")
            default: words.append("v:\(run.value),\(run.length)")
            }
            offset += byteCount
        }
        return words.joined(separator: " ")
    }
}
