import Bytes
import Glibc
import Keyspace
import RESP

/// Commands on the bits of strings.
enum BitmapCommands {
    /// The argument as the offset of a bit within the longest string there may be; nil once the error has been replied.
    /// - Parameter width: bits that an offset with `#` in front counts in; nil when that form is not allowed.
    static func offset(_ call: Call, _ index: Int, width: Int? = nil) -> Int? {
        var text = call[index]
        var scale: Int64 = 1
        if let width, text.count > 0, text.byte(at: 0) == 0x23 {
            text = text.slice(1, text.count)
            scale = Int64(width)
        }
        if let number = Decimal.parse(text) {
            let (offset, overflow) = number.multipliedReportingOverflow(by: scale)
            if !overflow, offset >= 0, offset >> 3 < call.settings.limits.bulkByteCountMax { return Int(offset) }
        }
        call.error("ERR bit offset is not an integer or out of range")
        return nil
    }

    static func setBit(_ call: inout Call) {
        guard let offset = offset(call, 2) else { return }
        guard
            let value = call.integer(3, in: 0...1, error: "ERR bit is not an integer or out of range"),
            let place = call.write(call[1], .string)
        else { return }
        let index = offset >> 3
        let mask = BitString.mask(offset)
        let (buffer, hasGrown) = StringCommands.bufferForChange(call, place, byteCountMin: index + 1)
        let bytes = buffer.mutableBytes
        let old = bytes[index] & mask != 0
        if hasGrown || old != (value == 1) {
            bytes[index] = value == 1 ? bytes[index] | mask : bytes[index] & ~mask
            call.changed(call[1], .string, "setbit")
        }
        call.reply.flag(old)
    }

    static func getBit(_ call: inout Call) {
        guard let offset = offset(call, 2), let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.flag(false) }
        call.reply.flag(StringCommands.withBytes(of: entry) { BitString($0).bit(at: offset) })
    }

    /// Whether a range counts in bits: by the argument, which may be missing; nil once an error has been replied.
    private static func countsInBits(_ call: Call, _ index: Int) -> Bool? {
        if index >= call.count || call.matches(index, "byte") { return false }
        if call.matches(index, "bit") { return true }
        call.syntaxError()
        return nil
    }

    static func count(_ call: inout Call) {
        guard let place = call.read(call[1], .string) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        guard call.count > 2 else {
            return call.reply.integer(
                StringCommands.withBytes(of: entry) { bytes in
                    bytes.count == 0 ? 0 : BitString(bytes).count(from: 0, through: bytes.count << 3 - 1)
                })
        }
        guard call.count == 4 || call.count == 5 else { return call.syntaxError() }
        guard let start = call.integer(2), let end = call.integer(3) else { return }
        if start < 0, end < 0, start > end { return call.reply.integer(0) }
        guard let isBits = countsInBits(call, 4) else { return }
        let count = StringCommands.withBytes(of: entry) { bytes -> Int in
            guard let range = bitRange(start, end, isBits: isBits, bytes) else { return 0 }
            return BitString(bytes).count(from: range.first, through: range.last)
        }
        call.reply.integer(count)
    }

    /// The range in bits; nil when it is empty.
    private static func bitRange(_ start: Int64, _ end: Int64, isBits: Bool, _ bytes: ByteSlice) -> ByteRange? {
        guard var range = ByteRange(clamping: start, end, count: isBits ? bytes.count << 3 : bytes.count) else {
            return nil
        }
        if !isBits {
            range.first <<= 3
            range.last = range.last << 3 + 7
        }
        return range
    }

    static func position(_ call: inout Call) {
        guard let bit = call.integer(2) else { return }
        guard bit == 0 || bit == 1 else { return call.error("ERR The bit argument must be 1 or 0.") }
        guard let place = call.read(call[1]) as KeyPlace? else { return }
        guard let entry = place.entry else { return call.reply.integer(bit == 1 ? -1 : 0) }
        guard entry.type == .string else { return call.wrongType() }
        guard call.count <= 6 else { return call.syntaxError() }
        var start: Int64 = 0
        var end: Int64 = -1
        if call.count > 3 {
            guard let value = call.integer(3) else { return }
            start = value
        }
        guard let isBits = countsInBits(call, 5) else { return }
        if call.count > 4 {
            guard let value = call.integer(4) else { return }
            end = value
        }
        let isOpen = call.count <= 4
        let position = StringCommands.withBytes(of: entry) { bytes -> Int in
            guard bytes.count > 0, let range = bitRange(start, end, isBits: isBits, bytes) else { return -1 }
            if let found = BitString(bytes).firstIndex(of: bit == 1, from: range.first, through: range.last) {
                return found
            }
            // Without an end the string goes on with zeros for ever.
            return bit == 0 && isOpen ? range.last + 1 : -1
        }
        call.reply.integer(position)
    }

    // MARK: - BITOP

    static func combine(_ call: inout Call) {
        guard let operation = operation(call[1]) else { return call.syntaxError() }
        guard operation != .not || call.count == 4 else {
            return call.error("ERR BITOP NOT must be called with a single source key.")
        }
        let call = call
        let sourceCount = call.count - 3
        let slotByteCount = MemoryLayout<ByteSlice>.stride + 24
        withUnsafeTemporaryAllocation(byteCount: sourceCount * slotByteCount, alignment: 16) { room in
            let start = room.baseAddress.unsafelyUnwrapped
            let sources = UnsafeMutableBufferPointer(
                start: start.assumingMemoryBound(to: ByteSlice.self), count: sourceCount)
            let digits = start + sourceCount * MemoryLayout<ByteSlice>.stride
            for index in 0..<sourceCount {
                // The bytes stay where they are when a later lookup removes another key.
                guard let place = call.read(call[index + 3], .string) else { return }
                sources[index] =
                    place.entry?.stringBytes(scratch: digits + index * 24) ?? ByteSlice(start: nil, count: 0)
            }
            store(call, operation, UnsafeBufferPointer(sources))
        }
    }

    private static func operation(_ name: ByteSlice) -> BitOperation? {
        if name.equalsIgnoringCase("and") { return .and }
        if name.equalsIgnoringCase("or") { return .or }
        if name.equalsIgnoringCase("xor") { return .xor }
        return name.equalsIgnoringCase("not") ? .not : nil
    }

    private static func store(
        _ call: Call, _ operation: BitOperation, _ sources: UnsafeBufferPointer<ByteSlice>
    ) {
        let byteCount = sources.reduce(0) { max($0, $1.count) }
        let key = call[2]
        guard byteCount > 0 else {
            if let entry = call.write(key).entry {
                call.database.pointee.remove(entry)
                call.changed(key, .generic, "del")
            }
            return call.reply.integer(0)
        }
        let buffer = StringBuffer.make(count: byteCount)
        operation.combine(sources, into: buffer.mutableBytes)
        let place = call.write(key)
        call.database.pointee.setPointer(place, kind: .stringBuffer, pointer: buffer.base, clock: call.freshClock)
        if place.entry == nil { call.keyAdded(key) }
        call.changed(key, .string, "set")
        call.reply.integer(byteCount)
    }
}
