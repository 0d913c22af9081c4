package import Bytes
import Glibc

/// Writes requests in the form in which clients send them, and in which append-only files hold them: an array of bulk
/// strings.
extension OutputBuffer {
    /// Appends a whole request.
    @inline(__always)
    package mutating func append(request arguments: Arguments) {
        var byteCount = RequestHeader.byteCountMax
        for index in 0..<arguments.count { byteCount += arguments.base[index].count + RequestHeader.byteCountMax + 2 }
        let start = reserve(byteCount)
        var length = RequestHeader.write(0x2A, arguments.count, to: start)
        for index in 0..<arguments.count {
            length += RequestHeader.writeBulk(arguments.base[index], to: start + length)
        }
        advance(length)
    }

    /// Appends the head of a request of so many arguments, which follow.
    package mutating func append(requestOf argumentCount: Int) {
        advance(RequestHeader.write(0x2A, argumentCount, to: reserve(RequestHeader.byteCountMax)))
    }

    /// Appends an argument.
    package mutating func append(argument bytes: ByteSlice) {
        advance(RequestHeader.writeBulk(bytes, to: reserve(bytes.count + RequestHeader.byteCountMax + 2)))
    }

    /// Appends an argument: the decimal form of an integer.
    package mutating func append(argument value: Int64) {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            append(argument: ByteSlice(start: start, count: Decimal.write(value, to: start)))
        }
    }
}

/// `*3` and `$5` with their line ends.
private enum RequestHeader {
    static let byteCountMax = Decimal.lengthMax + 3

    /// Most numbers have one or two digits.
    @inline(__always)
    static func write(_ marker: UInt8, _ count: Int, to target: UnsafeMutableRawPointer) -> Int {
        target.storeBytes(of: marker, as: UInt8.self)
        var length = 2
        if count < 10 {
            target.storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: count), toByteOffset: 1, as: UInt8.self)
        } else if count < 100 {
            let tens = count / 10
            target.storeBytes(of: 0x30 &+ UInt8(truncatingIfNeeded: tens), toByteOffset: 1, as: UInt8.self)
            target.storeBytes(
                of: 0x30 &+ UInt8(truncatingIfNeeded: count &- tens &* 10), toByteOffset: 2, as: UInt8.self)
            length = 3
        } else {
            length = 1 + Decimal.write(Int64(count), to: target + 1)
        }
        target.storeBytes(of: 0x0A0D, toByteOffset: length, as: UInt16.self)
        return length + 2
    }

    @inline(__always)
    static func writeBulk(_ bytes: ByteSlice, to target: UnsafeMutableRawPointer) -> Int {
        let head = write(0x24, bytes.count, to: target)
        if let source = bytes.baseAddress { memcpy(target + head, source, bytes.count) }
        target.storeBytes(of: 0x0A0D, toByteOffset: head + bytes.count, as: UInt16.self)
        return head + bytes.count + 2
    }
}
