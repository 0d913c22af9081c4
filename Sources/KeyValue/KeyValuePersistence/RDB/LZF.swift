// LZF, the compression of strings in RDB files (Marc Lehmann's format). A stream of
//
//     000LLLLL                    L + 1 bytes follow as they are
//     LLLooooo oooooooo           L + 2 bytes, L from 1 to 6, again from o + 1 bytes before
//     111ooooo LLLLLLLL oooooooo  L + 9 bytes again from o + 1 bytes before
//
// The high bits of an offset come first. Sources may overlap what they are copied to.

package import Bytes
import Glibc

/// Compresses strings. Its table of places is made once and not cleared between strings.
package struct LZFCompressor: ~Copyable {
    /// Places of the last three bytes with a hash: position in the string plus `origin`; smaller ones are of strings
    /// before, and void.
    private let places: UnsafeMutablePointer<UInt32>
    private var origin: UInt32 = 1

    private static let placeCountLog: UInt32 = 16
    /// Short strings use the first part of the table only, which stays in the processor's nearest cache.
    private static let shortPlaceCountLog: UInt32 = 11
    private static let shortByteCountMax = 2048
    private static let offsetMax = 1 << 13
    private static let matchByteCountMax = 264
    static let literalByteCountMax = 32

    package init() {
        places = .allocate(capacity: 1 << Self.placeCountLog)
        places.initialize(repeating: 0, count: 1 << Self.placeCountLog)
    }

    deinit { places.deallocate() }

    /// Writes the compressed form, at most that many bytes of it, and returns their number; 0 if it does not fit.
    package mutating func compress(_ input: ByteSlice, to target: UnsafeMutableRawPointer, capacity: Int) -> Int {
        guard let source = input.baseAddress, input.count > 4, input.count < 1 << 31 else { return 0 }
        if UInt64(origin) + UInt64(input.count) > UInt64(UInt32.max) {
            places.update(repeating: 0, count: 1 << Self.placeCountLog)
            origin = 1
        }
        defer { origin += UInt32(truncatingIfNeeded: input.count) }
        let log = input.count <= Self.shortByteCountMax ? Self.shortPlaceCountLog : Self.placeCountLog
        return run(source, input.count, to: target, capacity: capacity, shift: 32 - log)
    }

    @inline(__always)
    private static func hash(_ threeBytes: UInt32, _ shift: UInt32) -> Int {
        Int(truncatingIfNeeded: (threeBytes &* 0x9E37_79B1) >> shift)
    }

    private func run(
        _ source: UnsafeRawPointer, _ count: Int, to target: UnsafeMutableRawPointer, capacity: Int, shift: UInt32
    ) -> Int {
        let origin = origin
        let places = places
        var written = 0
        var literalStart = 0
        var position = 0
        // Four bytes are read at a time.
        let last = count - 4
        while position <= last {
            let word = source.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian & 0xFF_FFFF
            let hash = Self.hash(word, shift)
            let place = places[hash]
            places[hash] = origin &+ UInt32(truncatingIfNeeded: position)
            let before = Int(place) &- Int(origin)
            guard before >= 0, position &- before <= Self.offsetMax,
                source.loadUnaligned(fromByteOffset: before, as: UInt32.self).littleEndian & 0xFF_FFFF == word
            else {
                position &+= 1
                continue
            }
            let length = Self.matchLength(source, before, position, max: min(count &- position, Self.matchByteCountMax))
            let literalCount = position &- literalStart
            let needed = literalCount &+ (literalCount &+ 31) >> 5 &+ 3
            if written &+ needed > capacity { return 0 }
            written = Self.writeLiterals(source + literalStart, literalCount, to: target, at: written)
            written = Self.writeReference(position &- before &- 1, length &- 2, to: target, at: written)
            position &+= length
            literalStart = position
            // The last places inside what was matched are noted, not all of them.
            if position <= last {
                for place in (position &- 2)..<position {
                    let word = source.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian & 0xFF_FFFF
                    places[Self.hash(word, shift)] = origin &+ UInt32(truncatingIfNeeded: place)
                }
            }
        }
        let rest = count &- literalStart
        if written &+ rest &+ (rest &+ 31) >> 5 > capacity { return 0 }
        return Self.writeLiterals(source + literalStart, rest, to: target, at: written)
    }

    /// How many bytes are the same at two positions: three at least.
    @inline(__always)
    private static func matchLength(_ source: UnsafeRawPointer, _ before: Int, _ position: Int, max: Int) -> Int {
        var length = 3
        while length &+ 8 <= max {
            let difference =
                source.loadUnaligned(fromByteOffset: before &+ length, as: UInt64.self)
                ^ source.loadUnaligned(fromByteOffset: position &+ length, as: UInt64.self)
            if difference != 0 { return length &+ difference.littleEndian.trailingZeroBitCount >> 3 }
            length &+= 8
        }
        while length < max,
            source.load(fromByteOffset: before &+ length, as: UInt8.self)
                == source.load(fromByteOffset: position &+ length, as: UInt8.self)
        {
            length &+= 1
        }
        return length
    }

    @inline(__always)
    private static func writeLiterals(
        _ source: UnsafeRawPointer, _ count: Int, to target: UnsafeMutableRawPointer, at start: Int
    ) -> Int {
        var written = start
        var done = 0
        while done < count {
            let run = min(count &- done, literalByteCountMax)
            target.storeBytes(of: UInt8(truncatingIfNeeded: run &- 1), toByteOffset: written, as: UInt8.self)
            memcpy(target + written + 1, source + done, run)
            written &+= run &+ 1
            done &+= run
        }
        return written
    }

    @inline(__always)
    private static func writeReference(
        _ offset: Int, _ length: Int, to target: UnsafeMutableRawPointer, at start: Int
    ) -> Int {
        var written = start
        let high = UInt8(truncatingIfNeeded: offset >> 8)
        if length < 7 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: length << 5) | high, toByteOffset: written, as: UInt8.self)
        } else {
            target.storeBytes(of: 0xE0 | high, toByteOffset: written, as: UInt8.self)
            written &+= 1
            target.storeBytes(of: UInt8(truncatingIfNeeded: length &- 7), toByteOffset: written, as: UInt8.self)
        }
        target.storeBytes(of: UInt8(truncatingIfNeeded: offset), toByteOffset: written &+ 1, as: UInt8.self)
        return written &+ 2
    }
}

/// Decompresses strings.
package enum LZF {
    /// No compressed string yields more than that many bytes a byte: three bytes yield 264.
    package static let ratioMax = 88

    /// Writes exactly that many bytes; false if the input yields more or less, or is no LZF.
    package static func decompress(_ input: ByteSlice, to target: UnsafeMutableRawPointer, count: Int) -> Bool {
        guard let source = input.baseAddress else { return count == 0 }
        let inputCount = input.count
        var read = 0
        var written = 0
        while read < inputCount {
            let control = Int(source.load(fromByteOffset: read, as: UInt8.self))
            read &+= 1
            if control < LZFCompressor.literalByteCountMax {
                let run = control &+ 1
                guard run <= inputCount &- read, run <= count &- written else { return false }
                memcpy(target + written, source + read, run)
                read &+= run
                written &+= run
                continue
            }
            var length = control >> 5
            if length == 7 {
                guard read < inputCount else { return false }
                length &+= Int(source.load(fromByteOffset: read, as: UInt8.self))
                read &+= 1
            }
            guard read < inputCount else { return false }
            let offset = (control & 0x1F) << 8 | Int(source.load(fromByteOffset: read, as: UInt8.self))
            read &+= 1
            length &+= 2
            guard offset < written, length <= count &- written else { return false }
            copy(target + written, from: offset &+ 1, length)
            written &+= length
        }
        return written == count
    }

    /// Copies bytes from before the target, which they may overlap.
    @inline(__always)
    private static func copy(_ target: UnsafeMutableRawPointer, from distance: Int, _ length: Int) {
        let source = target - distance
        if distance >= length {
            memcpy(target, source, length)
        } else if distance == 1 {
            memset(target, Int32(source.load(as: UInt8.self)), length)
        } else {
            for index in 0..<length {
                target.storeBytes(
                    of: source.load(fromByteOffset: index, as: UInt8.self), toByteOffset: index, as: UInt8.self)
            }
        }
    }
}
