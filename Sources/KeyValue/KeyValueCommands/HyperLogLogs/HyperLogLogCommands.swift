import Bytes
import Keyspace
import RESP

/// PFADD, PFCOUNT, PFMERGE and their kin.
enum HyperLogLogCommands {
    private static let corruption = "INVALIDOBJ Corrupted HLL object detected"

    /// The HyperLogLog of an entry, its string brought into a buffer; nil once an error has been replied.
    private static func sketch(_ call: Call, _ entry: Entry) -> HyperLogLog? {
        guard entry.type == .string else {
            call.wrongType()
            return nil
        }
        guard entry.kind != .stringInteger, StringCommands.withBytes(of: entry, { HyperLogLog.isValid($0) }) else {
            call.error("WRONGTYPE Key is not a valid HyperLogLog string value.")
            return nil
        }
        return HyperLogLog(call.database.pointee.stringBuffer(entry))
    }

    private static func sparseByteCountMax(_ call: Call) -> Int {
        call.settings.hyperLogLogSparseByteCountMax
    }

    static func add(_ call: inout Call) {
        let place = call.write(call[1])
        var entry: Entry
        var sketch: HyperLogLog
        var updateCount = 0
        if let found = place.entry {
            guard let existing = Self.sketch(call, found) else { return }
            entry = found
            sketch = existing
        } else {
            sketch = HyperLogLog.makeEmpty()
            entry = call.add(place, kind: .stringBuffer, pointer: sketch.buffer.base)
            updateCount = 1
        }
        do {
            for index in 2..<max(call.count, 2)
            where try sketch.add(call[index], sparseByteCountMax: sparseByteCountMax(call)) { updateCount += 1 }
        } catch {
            entry.pointer = sketch.buffer.base
            return call.error(corruption)
        }
        if updateCount > 0 {
            sketch.invalidateCache()
            entry.pointer = sketch.buffer.base
            call.countChanges(updateCount - 1)
            call.changed(call[1], .string, "pfadd")
        }
        call.reply.flag(updateCount > 0)
    }

    static func count(_ call: inout Call) {
        guard call.count == 2 else { return countOfUnion(call) }
        guard let entry = call.read(call[1]).entry else { return call.reply.integer(0) }
        guard let sketch = sketch(call, entry) else { return }
        if let cached = sketch.cachedCount { return call.reply.integer(Int64(bitPattern: cached)) }
        guard let count = try? sketch.count() else { return call.error(corruption) }
        sketch.cache(count: count)
        call.signalModified(call[1])
        call.countChanges(1)
        call.reply.integer(Int64(bitPattern: count))
    }

    private static func countOfUnion(_ call: Call) {
        withRegisters(call) { registers, _ in
            call.reply.integer(Int64(bitPattern: HyperLogLog.count(registers)))
        }
    }

    /// Has a body see the registers of the union of all keys named, and whether one of them is dense; not called when
    /// an error was replied.
    private static func withRegisters(_ call: Call, _ body: (UnsafeMutablePointer<UInt8>, Bool) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: HyperLogLog.registerCount) { room in
            room.initialize(repeating: 0)
            let registers = room.baseAddress.unsafelyUnwrapped
            var hasDense = false
            for index in 1..<call.count {
                guard let entry = call.read(call[index]).entry else { continue }
                guard let sketch = sketch(call, entry) else { return }
                if sketch.encoding == .dense { hasDense = true }
                do {
                    try sketch.merge(into: registers)
                } catch {
                    return call.error(corruption)
                }
            }
            body(registers, hasDense)
        }
    }

    static func merge(_ call: inout Call) {
        let call = call
        withRegisters(call) { registers, hasDense in
            let place = call.write(call[1])
            var entry: Entry
            var sketch: HyperLogLog
            if let found = place.entry {
                guard let existing = Self.sketch(call, found) else { return }
                entry = found
                sketch = existing
            } else {
                sketch = HyperLogLog.makeEmpty()
                entry = call.add(place, kind: .stringBuffer, pointer: sketch.buffer.base)
            }
            do {
                defer { entry.pointer = sketch.buffer.base }
                if hasDense { try sketch.makeDense() }
                for index in 0..<HyperLogLog.registerCount where registers[index] > 0 {
                    _ = try sketch.raise(
                        index, to: registers[index], sparseByteCountMax: sparseByteCountMax(call))
                }
            } catch {
                return call.error(corruption)
            }
            sketch.invalidateCache()
            call.changed(call[1], .string, "pfadd")
            call.reply.ok()
        }
    }

    // MARK: - Debugging

    static func debug(_ call: inout Call) {
        guard let entry = call.write(call[2]).entry else { return call.error("ERR The specified key does not exist") }
        guard var sketch = sketch(call, entry) else { return }
        let name = call[1]
        let isKnown = ["getreg", "decode", "encoding", "todense"].contains { name.equalsIgnoringCase($0) }
        guard isKnown else { return call.error("ERR Unknown PFDEBUG subcommand '\(name.printed)'") }
        guard call.count == 3 else {
            return call.error("ERR Wrong number of arguments for the '\(name.printed)' subcommand")
        }
        if call.matches(1, "decode") {
            guard sketch.encoding == .sparse else { return call.error("ERR HLL encoding is not sparse") }
            return call.reply.bulk(sketch.describeRuns())
        }
        if call.matches(1, "encoding") {
            return call.reply.simple(sketch.encoding == .dense ? "dense" : "sparse" as StaticString)
        }
        let wasSparse = sketch.encoding == .sparse
        if wasSparse {
            guard (try? sketch.makeDense()) != nil else { return call.error(corruption) }
            entry.pointer = sketch.buffer.base
            call.countChanges(1)
        }
        if call.matches(1, "todense") { return call.reply.flag(wasSparse) }
        call.reply.array(HyperLogLog.registerCount)
        for index in 0..<HyperLogLog.registerCount { call.reply.integer(Int(sketch.denseRegister(index))) }
    }

    /// Elements that PFSELFTEST adds: fewer than Redis takes, so that other clients hardly wait.
    private static let selfTestElementCount = 100_000

    static func selfTest(_ call: inout Call) {
        var sparse = HyperLogLog.makeEmpty()
        let dense = HyperLogLog.makeEmptyDense()
        defer {
            sparse.buffer.free()
            dense.buffer.free()
        }
        for index in 0..<HyperLogLog.registerCount { dense.setDenseRegister(index, UInt8(index % 64)) }
        for index in 0..<HyperLogLog.registerCount where Int(dense.denseRegister(index)) != index % 64 {
            let value = dense.denseRegister(index)
            return call.error("ERR TESTFAILED Register \(index) should be \(index % 64) but is \(value)")
        }
        for index in 0..<HyperLogLog.registerCount { dense.setDenseRegister(index, 0) }
        let seed = call.engine.pointee.random.next()
        var checkpoint = 1
        for number in 1...Self.selfTestElementCount {
            let element = UInt64(number) ^ seed
            withUnsafeBytes(of: element) { bytes in
                let (index, value) = HyperLogLog.place(of: bytes)
                _ = dense.raiseDense(index, to: value)
                _ = try? sparse.raise(index, to: value, sparseByteCountMax: sparseByteCountMax(call))
            }
            guard number == checkpoint else { continue }
            checkpoint *= 10
            guard let count = try? dense.count(), (try? sparse.count()) == count else {
                return call.error("ERR TESTFAILED dense/sparse disagree")
            }
            // Six standard errors of 1.04 / 128.
            let difference = (Double(count) - Double(number)).magnitude
            if difference > (Double(number) * 6 * 1.04 / 128).rounded(.up) {
                return call.error("ERR TESTFAILED Too big error. card:\(number) abserr:\(Int(difference))")
            }
        }
        call.reply.ok()
    }
}
