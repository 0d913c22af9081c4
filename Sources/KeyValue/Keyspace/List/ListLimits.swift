/// What a node of a list may hold, by Redis's rules for `list-max-listpack-size`.
@usableFromInline
package struct ListLimits: Sendable {
    /// `list-max-listpack-size`: a count of elements if positive, -1 to -5 for 4 to 64 KiB.
    package let setting: Int
    /// Elements of at least that size have a node of their own, outside a listpack (DEBUG QUICKLIST-PACKED-THRESHOLD).
    @usableFromInline package let plainByteCountMin: Int
    /// Bytes that a node may have, all rules considered.
    @usableFromInline package let byteCountMax: Int
    /// Elements that a node may have.
    @usableFromInline package let countMax: Int

    /// Redis's default: elements of 1 GiB no longer fit the sizes in a listpack.
    package static let plainByteCountMinDefault = 1 << 30

    /// What a node limited by count may have in bytes.
    private static let countedByteCountMax = 8192

    /// Redis's allowance for the encoding of an element that is about to be added.
    @usableFromInline static let elementOverheadByteCount = 8

    /// The limits for a value of `list-max-listpack-size`.
    package init(setting: Int = -2, plainByteCountMin: Int = ListLimits.plainByteCountMinDefault) {
        self.setting = setting
        self.plainByteCountMin = plainByteCountMin
        if setting >= 0 {
            byteCountMax = ListLimits.countedByteCountMax
            countMax = max(setting, 1)
        } else {
            byteCountMax = 4096 << (min(-max(setting, -5), 5) - 1)
            countMax = Int.max
        }
    }

    /// Whether a node of that size is too big.
    @inlinable @inline(__always)
    package func exceeds(byteCount: Int, count: Int) -> Bool { byteCount > byteCountMax || count > countMax }

    /// Whether an element needs a node of its own.
    @inlinable @inline(__always)
    package func isPlain(_ byteCount: Int) -> Bool { byteCount >= plainByteCountMin }

    /// Whether a list in many nodes that has come down to this one goes back to a listpack. When it got there by
    /// removals only half of the limit counts, so that a list at the limit does not change its form all the time.
    func fitsListPack(byteCount: Int, count: Int, afterRemoval: Bool) -> Bool {
        let divisor = afterRemoval ? 2 : 1
        // A limit by count has no limit in bytes here: Redis's quicklistNodeLimit.
        let bytesFit = setting >= 0 || byteCount <= byteCountMax / divisor
        return bytesFit && (setting < 0 || count <= countMax / divisor)
    }
}
