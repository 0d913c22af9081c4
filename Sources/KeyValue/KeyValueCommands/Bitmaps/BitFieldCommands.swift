import Bytes
import Keyspace
import RESP

/// BITFIELD and BITFIELD_RO.
enum BitFieldCommands {
    /// One operation of a request.
    private struct Operation {
        enum Kind { case get, set, increment }
        var kind: Kind
        var type: BitFieldInteger
        var offset: Int
        /// The new value or the increment.
        var operand: Int64 = 0
        var overflow: BitFieldInteger.Overflow

        /// The offset of the last bit.
        var lastOffset: Int { offset + type.bitCount - 1 }
    }

    /// What comes next in a request.
    private enum Step {
        case operation(Operation)
        case end
        /// An error has been replied.
        case failure
    }

    /// Goes through the operations of a request; twice, so that nothing is done before all of it is understood.
    private struct OperationReader {
        private var index = 2
        private var overflow = BitFieldInteger.Overflow.wrap

        mutating func next(_ call: Call) -> Step {
            while index < call.count {
                let remaining = call.count - index - 1
                if call.matches(index, "get"), remaining >= 2 { return operation(call, .get) }
                if call.matches(index, "set"), remaining >= 3 { return operation(call, .set) }
                if call.matches(index, "incrby"), remaining >= 3 { return operation(call, .increment) }
                guard call.matches(index, "overflow"), remaining >= 1 else {
                    call.syntaxError()
                    return .failure
                }
                guard let overflow = Self.overflow(call[index + 1]) else {
                    call.error("ERR Invalid OVERFLOW type specified")
                    return .failure
                }
                self.overflow = overflow
                index += 2
            }
            return .end
        }

        private static func overflow(_ name: ByteSlice) -> BitFieldInteger.Overflow? {
            if name.equalsIgnoringCase("wrap") { return .wrap }
            if name.equalsIgnoringCase("sat") { return .saturate }
            return name.equalsIgnoringCase("fail") ? .fail : nil
        }

        private mutating func operation(_ call: Call, _ kind: Operation.Kind) -> Step {
            guard let type = BitFieldInteger(call[index + 1]) else {
                call.error(
                    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
                return .failure
            }
            guard let offset = BitmapCommands.offset(call, index + 2, width: type.bitCount) else { return .failure }
            var operation = Operation(kind: kind, type: type, offset: offset, overflow: overflow)
            if kind != .get {
                guard let operand = call.integer(index + 3) else { return .failure }
                operation.operand = operand
            }
            index += kind == .get ? 3 : 4
            return .operation(operation)
        }
    }

    static func bitField(_ call: inout Call) { run(call, isReadOnly: false) }
    static func bitFieldReadOnly(_ call: inout Call) { run(call, isReadOnly: true) }

    private static func run(_ call: Call, isReadOnly: Bool) {
        var reader = OperationReader()
        var count = 0
        var lastOffsetWritten: Int?
        checking: while true {
            switch reader.next(call) {
            case .failure: return
            case .end: break checking
            case .operation(let operation):
                count += 1
                if operation.kind != .get { lastOffsetWritten = max(lastOffsetWritten ?? 0, operation.lastOffset) }
            }
        }
        guard let lastOffsetWritten else { return read(call, count) }
        guard !isReadOnly else { return call.error("ERR BITFIELD_RO only supports the GET subcommand") }
        change(call, count, lastOffsetWritten: lastOffsetWritten)
    }

    private static func read(_ call: Call, _ count: Int) {
        guard let place = call.read(call[1], .string) else { return }
        call.reply.array(count)
        guard let entry = place.entry else { return read(call, ByteSlice(start: nil, count: 0)) }
        StringCommands.withBytes(of: entry) { read(call, $0) }
    }

    private static func read(_ call: Call, _ bytes: ByteSlice) {
        var reader = OperationReader()
        while case .operation(let operation) = reader.next(call) {
            call.reply.integer(operation.type.read(bytes, at: operation.offset))
        }
    }

    private static func change(_ call: Call, _ count: Int, lastOffsetWritten: Int) {
        guard let place = call.write(call[1], .string) else { return }
        let (buffer, hasGrown) = StringCommands.bufferForChange(
            call, place, byteCountMin: lastOffsetWritten >> 3 + 1)
        let bytes = buffer.mutableBytes
        call.reply.array(count)
        var changeCount = 0
        var reader = OperationReader()
        while case .operation(let operation) = reader.next(call) {
            let old = operation.type.read(ByteSlice(bytes), at: operation.offset)
            let new: Int64?
            switch operation.kind {
            case .get:
                call.reply.integer(old)
                continue
            case .set: new = operation.type.fit(operation.operand, operation.overflow)
            case .increment: new = operation.type.adding(operation.operand, to: old, operation.overflow)
            }
            guard let new else {
                call.reply.null()
                continue
            }
            call.reply.integer(operation.kind == .set ? old : new)
            operation.type.write(new, to: bytes, at: operation.offset)
            if hasGrown || old != new { changeCount += 1 }
        }
        guard changeCount > 0 else { return }
        call.countChanges(changeCount - 1)
        call.changed(call[1], .string, "setbit")
    }
}
