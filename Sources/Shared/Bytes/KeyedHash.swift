/// SipHash-1-3 over bytes, keyed with 128 secret bits so that nobody outside can choose keys that collide.
///
/// Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF"; one compression and three finalisation rounds.
@usableFromInline
package struct KeyedHash: Sendable {
    @usableFromInline let key0: UInt64
    @usableFromInline let key1: UInt64

    @inlinable
    package init(key0: UInt64, key1: UInt64) {
        self.key0 = key0
        self.key1 = key1
    }

    /// - Complexity: O(count), about a nanosecond for 8 bytes.
    @inlinable
    package func hash(_ bytes: ByteSlice) -> UInt64 {
        var state = SipState(key0: key0, key1: key1)
        let count = bytes.count
        let words = count >> 3
        if words > 0 {
            let base = bytes.baseAddress.unsafelyUnwrapped
            for index in 0..<words {
                state.compress(base.loadUnaligned(fromByteOffset: index << 3, as: UInt64.self))
            }
        }
        var last = UInt64(truncatingIfNeeded: count) << 56
        var offset = words << 3
        var shift: UInt64 = 0
        while offset < count {
            last |= UInt64(bytes.byte(at: offset)) << shift
            shift += 8
            offset += 1
        }
        state.compress(last)
        return state.finish()
    }
}

@usableFromInline
struct SipState {
    @usableFromInline var v0: UInt64
    @usableFromInline var v1: UInt64
    @usableFromInline var v2: UInt64
    @usableFromInline var v3: UInt64

    @inlinable @inline(__always)
    init(key0: UInt64, key1: UInt64) {
        v0 = key0 ^ 0x736f_6d65_7073_6575
        v1 = key1 ^ 0x646f_7261_6e64_6f6d
        v2 = key0 ^ 0x6c79_6765_6e65_7261
        v3 = key1 ^ 0x7465_6462_7974_6573
    }

    @inlinable @inline(__always)
    mutating func round() {
        v0 = v0 &+ v1
        v1 = (v1 << 13) | (v1 >> 51)
        v1 ^= v0
        v0 = (v0 << 32) | (v0 >> 32)
        v2 = v2 &+ v3
        v3 = (v3 << 16) | (v3 >> 48)
        v3 ^= v2
        v0 = v0 &+ v3
        v3 = (v3 << 21) | (v3 >> 43)
        v3 ^= v0
        v2 = v2 &+ v1
        v1 = (v1 << 17) | (v1 >> 47)
        v1 ^= v2
        v2 = (v2 << 32) | (v2 >> 32)
    }

    @inlinable @inline(__always)
    mutating func compress(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    @inlinable @inline(__always)
    mutating func finish() -> UInt64 {
        v2 ^= 0xff
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }
}
