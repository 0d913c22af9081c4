import Bytes
import Glibc
import Keyspace
import RESP

extension ReplyWriter {
    /// A bulk string with an element of a list or another packed value.
    @inline(__always)
    func bulk(_ value: ListPackValue) {
        let room = output.pointee.reserve(value.byteCountMax + PackedBulk.overheadByteCountMax)
        output.pointee.advance(PackedBulk.write(value, to: room))
    }

    /// An array of elements of a list from an index on, towards the tail or the head. All must be within the list.
    func elements(of list: ListValue, from index: Int, count: Int, towardsHead: Bool) {
        guard count > 0, var cursor = list.cursor(at: index) else { return emptyArray() }
        array(count)
        var left = count
        if towardsHead {
            repeat {
                bulk(cursor.value)
                left -= 1
            } while left > 0 && cursor.moveToPrevious()
        } else {
            repeat {
                bulk(cursor.value)
                left -= 1
            } while left > 0 && cursor.moveToNext()
        }
    }
}

/// Bulk strings of packed elements, written without detours: LRANGE, HGETALL and their like spend their time here.
enum PackedBulk {
    /// `$`, digits of the length, two line ends, and what short copies write too much.
    static let overheadByteCountMax = Decimal.lengthMax + 12

    /// Writes the bulk string and returns its length; there must be room for the value's `byteCountMax` and the
    /// overhead.
    @inline(__always)
    static func write(_ value: ListPackValue, to target: UnsafeMutableRawPointer) -> Int {
        guard let text = value.text else { return writeInteger(value.integer ?? 0, to: target) }
        let count = text.count
        var length = writeHeader(count, to: target)
        if count > 0 { memcpy(target + length, text.baseAddress.unsafelyUnwrapped, count) }
        length += count
        target.storeBytes(of: 0x0A0D, toByteOffset: length, as: UInt16.self)
        return length + 2
    }

    @inline(__always)
    private static func writeHeader(_ count: Int, to target: UnsafeMutableRawPointer) -> Int {
        if count < 10 {
            target.storeBytes(of: 0x0A0D_0024 | UInt32(truncatingIfNeeded: 0x30 + count) << 8, as: UInt32.self)
            return 4
        }
        if count < 100 {
            let tens = UInt64(truncatingIfNeeded: 0x30 + count / 10)
            let ones = UInt64(truncatingIfNeeded: 0x30 + count % 10)
            target.storeBytes(of: 0x0A_0D00_0024 | tens << 8 | ones << 16, as: UInt64.self)
            return 5
        }
        target.storeBytes(of: 0x24, as: UInt8.self)
        let length = 1 + Decimal.write(Int64(count), to: target + 1)
        target.storeBytes(of: 0x0A0D, toByteOffset: length, as: UInt16.self)
        return length + 2
    }

    @inline(__always)
    private static func writeInteger(_ value: Int64, to target: UnsafeMutableRawPointer) -> Int {
        let count = Decimal.length(value)
        var length = writeHeader(count, to: target)
        length += Decimal.write(value, to: target + length)
        target.storeBytes(of: 0x0A0D, toByteOffset: length, as: UInt16.self)
        return length + 2
    }
}
