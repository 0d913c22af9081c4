import Bytes
import Keyspace
import RESP

/// ZADD, ZINCRBY and what GEOADD has in common with them.
enum SortedSetAddCommands {
    static func zadd(_ call: inout Call) { add(call, .none) }

    static func zincrby(_ call: inout Call) { add(call, .increment) }

    private static func add(_ call: Call, _ given: SortedSetConditions) {
        guard let (options, first) = options(call, given) else { return }
        let argumentCount = call.count - first
        guard argumentCount > 0, argumentCount & 1 == 0 else { return call.syntaxError() }
        let count = argumentCount / 2
        guard validate(call, options.conditions, count: count) else { return }
        if count == 1 {
            guard var score = DoubleText.parse(call[first]) else { return call.notAFloat() }
            return withUnsafeMutablePointer(to: &score) {
                apply(call, options, UnsafeBufferPointer(start: $0, count: 1), firstMember: first + 1, stride: 2)
            }
        }
        // All scores are read before anything is changed: the command fails as a whole.
        withUnsafeTemporaryAllocation(of: Double.self, capacity: count) { scores in
            for index in 0..<count {
                guard let score = DoubleText.parse(call[first + index * 2]) else { return call.notAFloat() }
                scores[index] = score
            }
            apply(call, options, UnsafeBufferPointer(scores), firstMember: first + 1, stride: 2)
        }
    }

    /// The words before the first score.
    struct Options {
        var conditions: SortedSetConditions
        /// Whether changed scores count like added members (CH).
        var countsUpdates = false
    }

    /// The options, and where the first score is.
    private static func options(
        _ call: Call, _ given: SortedSetConditions
    ) -> (options: Options, first: Int)? {
        var options = Options(conditions: given)
        var index = 2
        // Numbers begin with nothing that these words begin with, but "inf".
        while index < call.count, call[index].count > 0, call[index].byte(at: 0) >= 0x41 {
            if call.matches(index, "nx") {
                options.conditions.insert(.onlyAbsent)
            } else if call.matches(index, "xx") {
                options.conditions.insert(.onlyPresent)
            } else if call.matches(index, "ch") {
                options.countsUpdates = true
            } else if call.matches(index, "incr") {
                options.conditions.insert(.increment)
            } else if call.matches(index, "gt") {
                options.conditions.insert(.onlyGreater)
            } else if call.matches(index, "lt") {
                options.conditions.insert(.onlyLess)
            } else {
                break
            }
            index += 1
        }
        return (options, index)
    }

    /// Whether the options go together; false once the error has been replied.
    private static func validate(
        _ call: Call, _ conditions: SortedSetConditions, count: Int
    ) -> Bool {
        guard conditions.rawValue != 0 else { return true }
        if conditions.isSuperset(of: [.onlyAbsent, .onlyPresent]) {
            call.error("ERR XX and NX options at the same time are not compatible")
            return false
        }
        let exclusive: [SortedSetConditions] = [.onlyAbsent, .onlyGreater, .onlyLess]
        if exclusive.count(where: { conditions.contains($0) }) > 1 {
            call.error("ERR GT, LT, and/or NX options at the same time are not compatible")
            return false
        }
        if conditions.has(.increment), count > 1 {
            call.error("ERR INCR option supports a single increment-element pair")
            return false
        }
        return true
    }

    /// Adds the members at an index of the request and every `stride` behind it, and replies.
    static func apply(
        _ call: Call, _ options: Options, _ scores: UnsafeBufferPointer<Double>, firstMember: Int,
        stride: Int
    ) {
        let key = call[1]
        let isIncrement = options.conditions.has(.increment)
        guard let place = call.write(key, .sortedSet) else { return }
        var value: SortedSetValue
        if let entry = place.entry {
            value = SortedSetValue(entry)
            if scores.count > 1 {
                value.prepare(
                    toAdd: scores.count, limits: call.engine.pointee.settings.encoding,
                    hasher: call.engine.pointee.hasher)
            }
        } else {
            guard !options.conditions.has(.onlyPresent) else {
                if isIncrement { call.reply.null() } else { call.reply.integer(0) }
                return
            }
            value = SortedSetValue.make(
                countHint: scores.count, memberByteCountHint: call[firstMember].count,
                limits: call.engine.pointee.settings.encoding, hasher: call.engine.pointee.hasher)
        }
        var added = 0
        var updated = 0
        var last = SortedSetChange.refused
        for index in 0..<scores.count {
            last = value.add(
                call[firstMember + index * stride], scores[index], options.conditions,
                limits: call.engine.pointee.settings.encoding, hasher: call.engine.pointee.hasher)
            switch last {
            case .added: added += 1
            case .updated: updated += 1
            case .same, .refused, .notANumber: break
            }
        }
        if let entry = place.entry {
            value.store(in: entry)
        } else {
            call.add(place, kind: value.kind, pointer: value.pointer)
        }
        if isIncrement {
            replyIncrement(call, last)
        } else {
            call.reply.integer(options.countsUpdates ? added + updated : added)
        }
        guard added + updated > 0 else { return }
        call.countChanges(added + updated - 1)
        call.changed(key, .sortedSet, isIncrement ? "zincr" : "zadd")
    }

    private static func replyIncrement(_ call: Call, _ change: SortedSetChange) {
        switch change {
        case .added(let score), .updated(let score), .same(let score): call.reply.double(score)
        case .refused: call.reply.null()
        case .notANumber: call.error("ERR resulting score is not a number (NaN)")
        }
    }
}
