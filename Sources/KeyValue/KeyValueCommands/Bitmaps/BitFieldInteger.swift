import Bytes

/// An integer type of BITFIELD: signed of 1 to 64 bits, or unsigned of 1 to 63.
struct BitFieldInteger: Equatable {
    let isSigned: Bool
    let bitCount: Int

    init(isSigned: Bool, bitCount: Int) {
        self.isSigned = isSigned
        self.bitCount = bitCount
    }

    /// The type that `i16` or `u8` names.
    init?(_ name: ByteSlice) {
        guard name.count > 1, name.byte(at: 0) == 0x69 || name.byte(at: 0) == 0x75 else { return nil }
        isSigned = name.byte(at: 0) == 0x69
        guard let bits = Decimal.parse(name.slice(1, name.count)), bits >= 1, bits <= (isSigned ? 64 : 63) else {
            return nil
        }
        bitCount = Int(bits)
    }

    /// What to do with a result that the type cannot hold.
    enum Overflow { case wrap, saturate, fail }

    private var max: Int64 {
        isSigned ? Int64.max >> Int64(64 - bitCount) : Int64.max >> Int64(63 - bitCount)
    }
    private var min: Int64 { isSigned ? -max - 1 : 0 }

    /// The low bits as a value of the type.
    private func truncate(_ bits: UInt64) -> Int64 {
        let unused = Int64(64 - bitCount)
        let shifted = bits << UInt64(unused)
        return isSigned ? Int64(bitPattern: shifted) >> unused : Int64(bitPattern: shifted >> UInt64(unused))
    }

    /// The value brought into the type; nil if that overflows and `overflow` is `fail`.
    func fit(_ value: Int64, _ overflow: Overflow) -> Int64? {
        // Unsigned fields take the value as 64 bits without a sign: a negative one is a large one.
        if !isSigned, UInt64(bitPattern: value) > UInt64(max) {
            return switch overflow {
            case .wrap: truncate(UInt64(bitPattern: value))
            case .saturate: max
            case .fail: nil
            }
        }
        return adding(0, to: value, overflow)
    }

    /// The sum of a value of the type and an increment; nil if that overflows and `overflow` is `fail`.
    func adding(_ increment: Int64, to value: Int64, _ overflow: Overflow) -> Int64? {
        let (sum, carried) = value.addingReportingOverflow(increment)
        if !carried, sum >= min, sum <= max { return sum }
        switch overflow {
        case .wrap: return truncate(UInt64(bitPattern: value) &+ UInt64(bitPattern: increment))
        case .saturate:
            let isTooLarge = carried ? increment > 0 : sum > max
            return isTooLarge ? max : min
        case .fail: return nil
        }
    }

    /// Reads the value at a bit offset; bits behind the end are zero.
    func read(_ bytes: ByteSlice, at offset: Int) -> Int64 {
        let firstByte = offset >> 3
        let byteCount = (offset & 7 + bitCount + 7) >> 3
        var window: UInt128 = 0
        for index in firstByte..<firstByte + byteCount {
            window = window << 8 | UInt128(index < bytes.count ? bytes.byte(at: index) : 0)
        }
        let shift = byteCount * 8 - offset & 7 - bitCount
        return truncate(UInt64(truncatingIfNeeded: window >> UInt128(shift)))
    }

    /// Writes the value's low bits at a bit offset; the bytes must reach far enough.
    func write(_ value: Int64, to bytes: UnsafeMutableRawBufferPointer, at offset: Int) {
        let firstByte = offset >> 3
        let byteCount = (offset & 7 + bitCount + 7) >> 3
        precondition(firstByte + byteCount <= bytes.count)
        let shift = UInt128(byteCount * 8 - offset & 7 - bitCount)
        let mask = (UInt128(1) << UInt128(bitCount) - 1) << shift
        var window = UInt128(UInt64(bitPattern: value)) << shift & mask
        var keep = ~mask
        for index in stride(from: firstByte + byteCount - 1, through: firstByte, by: -1) {
            bytes[index] = bytes[index] & UInt8(truncatingIfNeeded: keep) | UInt8(truncatingIfNeeded: window)
            window >>= 8
            keep >>= 8
        }
    }
}
