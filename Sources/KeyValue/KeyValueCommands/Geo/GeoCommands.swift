import Bytes
import Keyspace
import RESP

/// Places as members of sorted sets: adding them, and what is known of single ones.
enum GeoCommands {
    static func geoadd(_ call: inout Call) {
        let call = call
        var options = SortedSetAddCommands.Options(conditions: .none)
        var first = 2
        while first < call.count {
            if call.matches(first, "nx") {
                options.conditions.insert(.onlyAbsent)
            } else if call.matches(first, "xx") {
                options.conditions.insert(.onlyPresent)
            } else if call.matches(first, "ch") {
                options.countsUpdates = true
            } else {
                break
            }
            first += 1
        }
        let count = (call.count - first) / 3
        guard (call.count - first) % 3 == 0, !options.conditions.isSuperset(of: [.onlyAbsent, .onlyPresent]) else {
            return call.syntaxError()
        }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { scores in
            for index in 0..<count {
                guard let point = GeoArguments.point(call, first + index * 3) else { return }
                scores[index] = point.score
            }
            guard count > 0 else { return call.syntaxError() }
            SortedSetAddCommands.apply(
                call, options, UnsafeBufferPointer(scores), firstMember: first + 2, stride: 3)
        }
    }

    static func geodist(_ call: inout Call) {
        let call = call
        guard call.count <= 5 else { return call.syntaxError() }
        var metres = 1.0
        if call.count == 5 {
            guard let unit = GeoArguments.unit(call, 4) else { return }
            metres = unit
        }
        guard let value = SortedSetCommands.read(call, 1, missing: { call.reply.null() }) else { return }
        guard let first = value.score(of: call[2]).map(GeoPoint.init(score:)),
            let second = value.score(of: call[3]).map(GeoPoint.init(score:))
        else { return call.reply.null() }
        call.reply.distance(first.distanceMetres(to: second) / metres)
    }

    static func geohash(_ call: inout Call) {
        let call = call
        forEachPoint(call) { point in
            guard let point else { return call.reply.null() }
            // Redis's own cells end at 85 degrees; those of the world at 90.
            let hash = GeoHash(point, step: GeoHash.stepMax, latitudes: .allLatitudes)
            let alphabet: StaticString = "0123456789bcdefghjkmnpqrstuvwxyz"
            withUnsafeTemporaryAllocation(byteCount: 11, alignment: 1) { text in
                for index in 0..<11 {
                    // 52 bits fill ten characters; the eleventh is 0.
                    let digit = index == 10 ? 0 : Int(hash.bits >> UInt64(52 - (index + 1) * 5) & 0x1F)
                    text[index] = alphabet.utf8Start[digit]
                }
                call.reply.bulk(ByteSlice(text))
            }
        }
    }

    static func geopos(_ call: inout Call) {
        let call = call
        forEachPoint(call) { point in
            guard let point else { return call.reply.nullArray() }
            call.reply.coordinates(point)
        }
    }

    /// Begins an array and calls with the place of each member from index 2 on; nil for those that are not there.
    private static func forEachPoint(_ call: Call, _ body: (GeoPoint?) -> Void) {
        guard let place = call.read(call[1], .sortedSet) else { return }
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            body(place.entry.flatMap { SortedSetValue($0).score(of: call[index]) }.map(GeoPoint.init(score:)))
        }
    }
}

extension ReplyWriter {
    /// A distance with four decimals.
    func distance(_ value: Double) {
        withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            bulk(ByteSlice(start: start, count: DoubleText.writeFourDecimals(value, to: start)))
        }
    }

    /// Longitude and latitude with all their decimals.
    func coordinates(_ point: GeoPoint) {
        array(2)
        coordinate(point.longitude)
        coordinate(point.latitude)
    }

    private func coordinate(_ degrees: Double) {
        withUnsafeTemporaryAllocation(byteCount: LongDoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            let text = ByteSlice(start: start, count: LongDoubleText.write(degrees, to: start))
            guard isRESP3 else { return bulk(text) }
            raw(",")
            raw(text)
            raw("\r\n")
        }
    }
}
