// Union, intersection and difference of sorted sets and sets: the inputs of one request, and what comes of them.

import Bytes
import Keyspace
import RESP

enum SortedSetAlgebraCommands {
    private typealias Operation = SortedSetAlgebra.Operation

    static func zunion(_ call: inout Call) { reply(call, .union) }
    static func zinter(_ call: inout Call) { reply(call, .intersection) }
    static func zdiff(_ call: inout Call) { reply(call, .difference) }
    static func zunionstore(_ call: inout Call) { store(call, .union, "zunionstore") }
    static func zinterstore(_ call: inout Call) { store(call, .intersection, "zinterstore") }
    static func zdiffstore(_ call: inout Call) { store(call, .difference, "zdiffstore") }

    static func zintercard(_ call: inout Call) {
        let call = call
        guard let request = Request(call, countIndex: 1, .intersection, isCardinality: true) else { return }
        let countMax = request.limit == 0 ? Int64.max : request.limit
        var count: Int64 = 0
        request.algebra.forEachCommon { _, _ in
            count += 1
            return count < countMax
        }
        call.reply.integer(count)
    }

    private static func reply(_ call: Call, _ operation: Operation) {
        guard let request = Request(call, countIndex: 1, operation) else { return }
        let result = request.result(call)
        SortedSetReply(call.reply, hasScores: request.wantsScores)
            .addAll(result.cursor(fromRank: 0, count: result.count))
        call.database.pointee.reclaim(kind: result.kind, pointer: result.pointer)
    }

    private static func store(_ call: Call, _ operation: Operation, _ event: StaticString) {
        guard let request = Request(call, countIndex: 2, operation, isStored: true) else { return }
        SortedSetCommands.store(call, call[1], request.result(call), event)
    }

    /// `numkeys key … [WEIGHTS …] [AGGREGATE …] [WITHSCORES]`, or `[LIMIT …]`.
    private struct Request {
        private(set) var algebra: SortedSetAlgebra
        private let operation: Operation
        private let isStored: Bool
        private let isCardinality: Bool
        private(set) var wantsScores = false
        private(set) var limit: Int64 = 0

        /// - Parameter countIndex: where the number of keys is. Nil once the error has been replied.
        init?(
            _ call: Call, countIndex: Int, _ operation: Operation, isStored: Bool = false,
            isCardinality: Bool = false
        ) {
            self.operation = operation
            self.isStored = isStored
            self.isCardinality = isCardinality
            algebra = SortedSetAlgebra()
            guard let keyCount = call.integer(countIndex) else { return nil }
            guard keyCount >= 1 else {
                call.error("ERR at least 1 input key is needed for '\(call.command.pointee.fullName)' command")
                return nil
            }
            guard keyCount <= call.count - countIndex - 1 else {
                call.syntaxError()
                return nil
            }
            let keys = (countIndex + 1)..<(countIndex + 1 + Int(keyCount))
            guard readInputs(call, keys), parseOptions(call, from: keys.upperBound, keyCount: keys.count) else {
                return nil
            }
        }

        private mutating func readInputs(_ call: Call, _ keys: Range<Int>) -> Bool {
            for index in keys {
                guard let entry = call.read(call[index]).entry else {
                    algebra.inputs.append(SortedSetAlgebra.Input(.nothing))
                    continue
                }
                switch entry.type {
                case .sortedSet: algebra.inputs.append(SortedSetAlgebra.Input(.sortedSet(SortedSetValue(entry))))
                case .set: algebra.inputs.append(SortedSetAlgebra.Input(.set(SetValue(entry))))
                default:
                    call.wrongType()
                    return false
                }
            }
            return true
        }

        private mutating func parseOptions(_ call: Call, from start: Int, keyCount: Int) -> Bool {
            let isWeighted = operation != .difference && !isCardinality
            var index = start
            while index < call.count {
                let behind = call.count - index - 1
                if isWeighted, behind >= keyCount, call.matches(index, "weights") {
                    guard parseWeights(call, from: index + 1) else { return false }
                    index += keyCount
                } else if isWeighted, behind >= 1, call.matches(index, "aggregate") {
                    guard parseAggregate(call, index + 1) else { return false }
                    index += 1
                } else if !isStored, !isCardinality, call.matches(index, "withscores") {
                    wantsScores = true
                } else if isCardinality, behind >= 1, call.matches(index, "limit") {
                    let error = "ERR LIMIT can't be negative"
                    guard let given = call.integer(index + 1, in: 0...Int64.max, error: error) else { return false }
                    limit = given
                    index += 1
                } else {
                    call.syntaxError()
                    return false
                }
                index += 1
            }
            return true
        }

        private mutating func parseWeights(_ call: Call, from start: Int) -> Bool {
            for index in algebra.inputs.indices {
                guard let weight = DoubleText.parse(call[start + index]) else {
                    call.error("ERR weight value is not a float")
                    return false
                }
                algebra.inputs[index].weight = weight
            }
            return true
        }

        private mutating func parseAggregate(_ call: Call, _ index: Int) -> Bool {
            if call.matches(index, "sum") {
                algebra.aggregate = .sum
            } else if call.matches(index, "min") {
                algebra.aggregate = .min
            } else if call.matches(index, "max") {
                algebra.aggregate = .max
            } else {
                call.syntaxError()
                return false
            }
            return true
        }

        func result(_ call: Call) -> SortedSetValue {
            algebra.result(
                operation, limits: call.engine.pointee.settings.encoding, hasher: call.engine.pointee.hasher)
        }
    }
}
