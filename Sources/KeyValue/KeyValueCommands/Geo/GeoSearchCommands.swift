import Bytes
import Keyspace
import RESP

/// Commands that look for the places in a circle or a box.
enum GeoSearchCommands {
    static func georadius(_ call: inout Call) { search(call, .radius(storable: true)) }
    static func georadiusReadOnly(_ call: inout Call) { search(call, .radius(storable: false)) }
    static func georadiusbymember(_ call: inout Call) { search(call, .radiusByMember(storable: true)) }
    static func georadiusbymemberReadOnly(_ call: inout Call) { search(call, .radiusByMember(storable: false)) }
    static func geosearch(_ call: inout Call) { search(call, .search) }
    static func geosearchstore(_ call: inout Call) { search(call, .searchStore) }

    /// A place that was found.
    private struct Match {
        let member: ListPackValue
        let point: GeoPoint
        let score: Double
        let distanceMetres: Double
    }

    private static func search(_ call: Call, _ command: GeoSearchCommand) {
        guard let place = call.read(call[command.sourceIndex], .sortedSet) else { return }
        let value = place.entry.map { SortedSetValue($0) }
        guard let request = GeoSearchRequest(call, command, value) else { return }
        guard let value, let center = request.center, let outline = request.outline else {
            guard let index = request.storeKeyIndex else { return call.reply.emptyArray() }
            SortedSetCommands.removeResult(call, call.peek(call[index]))
            return call.reply.integer(0)
        }
        let shape = GeoShape(center: center, outline: outline)
        var matches = matches(value, shape, limit: request.takesAny ? request.count : 0)
        switch request.order {
        case .none: break
        case .ascending: matches.sort { $0.distanceMetres < $1.distanceMetres }
        case .descending: matches.sort { $0.distanceMetres > $1.distanceMetres }
        }
        let wanted = request.count == 0 ? matches.count : min(Int(clamping: request.count), matches.count)
        if let index = request.storeKeyIndex {
            store(call, matches[..<wanted], request, call[index], isSearch: command.isSearch)
        } else {
            reply(call, matches[..<wanted], request)
        }
    }

    private static func matches(_ value: SortedSetValue, _ shape: GeoShape, limit: Int64) -> [Match] {
        var matches: [Match] = []
        for cell in shape.cells {
            let first = value.rank(of: ScoreBound(cell.scoreMin, isBehindEqual: false))
            let end = value.rank(of: ScoreBound(cell.scoreEnd, isBehindEqual: false))
            var cursor = value.cursor(fromRank: first, count: end - first)
            while let element = cursor.next() {
                let point = GeoPoint(score: element.score)
                guard let distance = shape.distanceMetres(to: point) else { continue }
                matches.append(
                    Match(member: element.member, point: point, score: element.score, distanceMetres: distance))
                if limit > 0, matches.count >= limit { return matches }
            }
        }
        return matches
    }

    private static func reply(_ call: Call, _ matches: ArraySlice<Match>, _ request: GeoSearchRequest) {
        let extraCount = [request.wantsDistance, request.wantsHash, request.wantsCoordinates].count { $0 }
        call.reply.array(matches.count)
        for match in matches {
            if extraCount > 0 { call.reply.array(extraCount + 1) }
            call.reply.element(match.member)
            if request.wantsDistance { call.reply.distance(match.distanceMetres / request.unitMetres) }
            if request.wantsHash { call.reply.integer(Int64(exactly: match.score.rounded(.towardZero)) ?? 0) }
            if request.wantsCoordinates { call.reply.coordinates(match.point) }
        }
    }

    private static func store(
        _ call: Call, _ matches: ArraySlice<Match>, _ request: GeoSearchRequest, _ key: ByteSlice,
        isSearch: Bool
    ) {
        var result = SortedSetAccumulator(
            limits: call.engine.pointee.settings.encoding, hasher: call.engine.pointee.hasher)
        withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
            for match in matches {
                let score = request.storesDistance ? match.distanceMetres / request.unitMetres : match.score
                result.insert(match.member.bytes(scratch: scratch.baseAddress.unsafelyUnwrapped), score: score)
            }
        }
        if matches.count > 1 { call.countChanges(matches.count - 1) }
        SortedSetCommands.store(call, key, result.finish(), isSearch ? "geosearchstore" : "georadiusstore")
    }
}
