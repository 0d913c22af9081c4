// Reads values of every layout. What comes from outside is looked at in full before anything trusts it, whatever
// sanitize-dump-payload says; that setting adds the search for members that are there twice.

package import Bytes
import CMemory
package import Keyspace

/// Reads values, and makes them in the forms that the configured limits ask for.
package struct RDBValueReader {
    let limits: EncodingLimits
    let hasher: KeyedHash
    /// Whether packed collections are searched for members that are there twice.
    let findsDuplicates: Bool

    /// - Parameters:
    ///   - limits: up to where collections are packed.
    ///   - hasher: of the tables of collections.
    ///   - findsDuplicates: whether packed collections are searched for members that are there twice.
    package init(limits: EncodingLimits, hasher: KeyedHash, findsDuplicates: Bool) {
        self.limits = limits
        self.hasher = hasher
        self.findsDuplicates = findsDuplicates
    }

    /// Reads a value of a layout by its number.
    package func read(type number: UInt8, from input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        guard let type = RDBType(rawValue: number) else { throw Self.unknown(number, input) }
        return try read(type, from: &input)
    }

    private static func unknown(_ number: UInt8, _ input: borrowing RDBInput) -> RDBFailure {
        switch number {
        case 22...25:
            input.failure(
                .unsupported, "hashes whose fields expire (Redis 7.4 or Valkey 9) are not supported: type",
                number: Int64(number))
        case 26...63:
            input.failure(
                .unsupported, "a type of a newer version than Redis 7.2 is not supported: type", number: Int64(number))
        default: input.failure(.corrupt, "unknown type", number: Int64(number))
        }
    }

    @inline(__always)
    package func read(_ type: RDBType, from input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        if type == .string { return try input.stringValue() }
        return try collection(type, &input)
    }

    private func collection(_ type: RDBType, _ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        switch type {
        case .string: try input.stringValue()
        case .list: try list(&input)
        case .set: try set(&input)
        case .sortedSet: try sortedSet(&input, hasTextScores: false)
        case .sortedSetText: try sortedSet(&input, hasTextScores: true)
        case .hash: try hash(&input)
        case .modulePreRelease, .module:
            throw input.failure(.unsupported, "values of modules are not supported: type", number: Int64(type.rawValue))
        case .hashZipmap, .listZiplist, .sortedSetZiplist, .hashZiplist, .listZiplistNodes:
            try oldForm(type, &input)
        case .setIntegers: try integers(&input)
        case .setListPack, .hashListPack, .sortedSetListPack: try packed(type, &input)
        case .listNodes: try listNodes(&input)
        case .stream1: try stream(&input, version: 1)
        case .stream2: try stream(&input, version: 2)
        case .stream3: try stream(&input, version: 3)
        }
    }

    // MARK: - Element by element

    private func list(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let count = try input.count()
        guard count > 0 else { return .empty }
        var list = ListValue.makeForNodes()
        do throws(RDBFailure) {
            for _ in 0..<count { list.push(try input.text(), at: .tail, limits: limits.list) }
        } catch {
            list.free()
            throw error
        }
        list.chooseEncoding(limits: limits.list)
        return .pointer(list.kind, list.base)
    }

    private func set(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let count = try input.count()
        guard count > 0 else { return .empty }
        var set = count > limits.setIntegersMax ? SetValue.makeTable(hasher: hasher) : SetValue.makeIntegers()
        do throws(RDBFailure) {
            for _ in 0..<count where !set.add(try input.text(), limits: limits, hasher: hasher) {
                throw input.corrupt("a member of a set is there twice")
            }
        } catch {
            set.free()
            throw error
        }
        return .pointer(set.kind, set.pointer)
    }

    private func sortedSet(_ input: inout RDBInput, hasTextScores: Bool) throws(RDBFailure) -> RDBValue {
        let count = try input.count()
        guard count > 0 else { return .empty }
        var value = SortedSetValue.makeTree(hasher: hasher)
        var member = UncountedMemory()
        var longest = 0
        var total = 0
        do throws(RDBFailure) {
            for _ in 0..<count {
                let bytes = input.keep(try input.text(), in: &member)
                let score = hasTextScores ? try textScore(&input) : try input.double()
                guard !score.isNaN else { throw input.corrupt("a score of a sorted set is not a number") }
                longest = max(longest, bytes.count)
                total += bytes.count
                guard case .added = value.add(bytes, score, .onlyAbsent, limits: limits, hasher: hasher) else {
                    throw input.corrupt("a member of a sorted set is there twice")
                }
            }
        } catch {
            value.free()
            throw error
        }
        value.packIfSmall(longest: longest, total: total, limits: limits)
        return .pointer(value.kind, value.pointer)
    }

    /// A score as its length in a byte and its text; three lengths are numbers that have none.
    private func textScore(_ input: inout RDBInput) throws(RDBFailure) -> Double {
        let count = try input.byte()
        switch count {
        case 255: return -.infinity
        case 254: return .infinity
        case 253: return .nan
        default:
            guard let score = DoubleText.parse(try input.slice(Int(count))) else {
                throw input.corrupt("a score of a sorted set cannot be read")
            }
            return score
        }
    }

    private func hash(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let count = try input.count()
        guard count > 0 else { return .empty }
        var hash = HashValue.make()
        hash.expect(pairCount: count, limits: limits, hasher: hasher)
        var field = UncountedMemory()
        do throws(RDBFailure) {
            for _ in 0..<count {
                let name = input.keep(try input.text(), in: &field)
                guard hash.set(name, try input.text(), limits: limits, hasher: hasher) else {
                    throw input.corrupt("a field of a hash is there twice")
                }
            }
        } catch {
            hash.free()
            throw error
        }
        return .pointer(hash.kind, hash.pointer)
    }

    // MARK: - As they are in memory

    private func integers(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let blob = try input.blob()
        guard IntegerSet.validate(ByteSlice(start: blob.base, count: blob.count), deep: true) else {
            atoll_memory_give(blob.base)
            throw input.corrupt("an intset is broken")
        }
        var set = SetValue(kind: .setIntegers, pointer: blob.base)
        set.expect(count: set.count, limits: limits, hasher: hasher)
        return .pointer(set.kind, set.pointer)
    }

    private func packed(_ type: RDBType, _ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let list = try listPack(&input)
        guard !list.isEmpty else {
            list.free()
            return .empty
        }
        return try packed(type, list, findsDuplicates: findsDuplicates, &input)
    }

    /// A collection of a listpack, which this takes over.
    func packed(
        _ type: RDBType, _ list: ListPack, findsDuplicates: Bool, _ input: inout RDBInput
    ) throws(RDBFailure) -> RDBValue {
        let isPairs = type != .setListPack
        let count = list.count
        guard !isPairs || count % 2 == 0, !findsDuplicates || isUnique(list, skip: isPairs ? 1 : 0) else {
            list.free()
            throw input.corrupt("a listpack has a member twice, or one without its value")
        }
        switch type {
        case .setListPack:
            var set = SetValue(kind: .setPacked, pointer: list.base)
            set.expect(count: count, limits: limits, hasher: hasher)
            return .pointer(set.kind, set.pointer)
        case .hashListPack:
            var hash = HashValue(kind: .hashPacked, pointer: list.base)
            hash.expect(pairCount: count / 2, limits: limits, hasher: hasher)
            return .pointer(hash.kind, hash.pointer)
        default:
            var value = SortedSetValue(kind: .sortedSetPacked, pointer: list.base)
            value.prepare(toAdd: count / 2, limits: limits, hasher: hasher)
            return .pointer(value.kind, value.pointer)
        }
    }

    /// A valid listpack in memory of its own.
    func listPack(_ input: inout RDBInput) throws(RDBFailure) -> ListPack {
        let blob = try input.blob()
        guard ListPack.validate(ByteSlice(start: blob.base, count: blob.count), deep: true) else {
            atoll_memory_give(blob.base)
            throw input.corrupt("a listpack is broken")
        }
        return ListPack(base: blob.base)
    }

    /// Whether no element is there twice, or none of every second with one skipped.
    private func isUnique(_ list: ListPack, skip: Int) -> Bool {
        let seen = MemberTable.make(hasher: hasher)
        defer { seen.free() }
        var position = list.firstPosition
        while let here = position {
            guard list.value(at: here).withBytes({ seen.add($0) }) else { return false }
            position = list.next(here)
            if skip > 0, let skipped = position { position = list.next(skipped) }
        }
        return true
    }

    private func listNodes(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let count = try input.count()
        guard count > 0 else { return .empty }
        var list = ListValue.makeForNodes()
        do throws(RDBFailure) {
            for _ in 0..<count { try listNode(of: list, &input) }
        } catch {
            list.free()
            throw error
        }
        return finish(&list)
    }

    private func listNode(of list: ListValue, _ input: inout RDBInput) throws(RDBFailure) {
        guard let container = ListValue.Container(rawValue: try input.number()) else {
            throw input.corrupt("a node of a list is of an unknown kind")
        }
        switch container {
        case .plain:
            let blob = try input.blob(headerByteCount: ListValue.plainHeaderByteCount)
            guard blob.count > 0 else {
                atoll_memory_give(blob.base)
                throw input.corrupt("a node of a list is empty")
            }
            list.adoptPlainNode(blob.base, byteCount: blob.count)
        case .packed:
            let pack = try listPack(&input)
            if pack.isEmpty { pack.free() } else { list.adoptNode(pack) }
        }
    }

    /// The list once it has all its nodes.
    func finish(_ list: inout ListValue) -> RDBValue {
        guard list.count > 0 else {
            list.free()
            return .empty
        }
        list.chooseEncoding(limits: limits.list)
        return .pointer(list.kind, list.base)
    }
}

extension RDBInput {
    /// A copy of bytes that stays valid while more is read.
    @inline(__always)
    func keep(_ bytes: ByteSlice, in memory: inout UncountedMemory) -> ByteSlice {
        memory.grow(to: max(bytes.count, 1))
        let target = UnsafeMutableRawBufferPointer(start: memory.base, count: bytes.count)
        target.copyMemory(from: bytes)
        return ByteSlice(target)
    }
}
