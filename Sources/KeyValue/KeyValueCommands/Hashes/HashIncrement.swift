import Bytes
import Keyspace
import RESP

// HINCRBY and HINCRBYFLOAT.
extension HashCommands {
    static func hincrby(_ call: inout Call) {
        let key = call[1]
        guard let increment = call.integer(3), let place = call.write(key, .hash) else { return }
        let old = place.entry.flatMap { HashValue($0).value(of: call[2]) }
        var current: Int64 = 0
        if let old {
            guard let integer = old.integer ?? old.text.flatMap(Decimal.parse) else {
                return call.error("ERR hash value is not an integer")
            }
            current = integer
        }
        let (sum, overflow) = current.addingReportingOverflow(increment)
        guard !overflow else { return call.error("ERR increment or decrement would overflow") }
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            setNumber(call, ByteSlice(start: start, count: Decimal.write(sum, to: start)), at: place)
        }
        call.changed(key, .hash, "hincrby")
        call.reply.integer(sum)
    }

    /// Gives the field at index 2 of the request a value.
    private static func setNumber(_ call: Call, _ text: ByteSlice, at place: KeyPlace) {
        var hash = place.entry.map { HashValue($0) } ?? HashValue.make()
        _ = hash.set(call[2], text, limits: call.encoding, hasher: call.engine.pointee.hasher)
        store(call, hash, at: place)
    }

    static func hincrbyfloat(_ call: inout Call) {
        let (key, increment) = (call[1], call[3])
        switch LongDoubleText.classify(increment) {
        case .invalid: return call.notAFloat()
        case .infinite: return call.error("ERR value is NaN or Infinity")
        case .finite: break
        }
        guard let place = call.write(key, .hash) else { return }
        let old = place.entry.flatMap { HashValue($0).value(of: call[2]) } ?? ListPackValue.zero
        let call = call
        old.withBytes { current in
            guard LongDoubleText.classify(current) != .invalid else {
                return call.error("ERR hash value is not a float")
            }
            withUnsafeTemporaryAllocation(byteCount: LongDoubleText.lengthMax, alignment: 8) { scratch in
                let start = scratch.baseAddress.unsafelyUnwrapped
                guard let length = LongDoubleText.writeSum(current, increment, to: start) else {
                    return call.error("ERR increment would produce NaN or Infinity")
                }
                let sum = ByteSlice(start: start, count: length)
                setNumber(call, sum, at: place)
                if call.isJournalled { call.journalInstead([("HSET" as StaticString).bytes, key, call[2], sum]) }
                call.changed(key, .hash, "hincrbyfloat")
                call.reply.bulk(sum)
            }
        }
    }
}
