import Bytes
import CMemory
import Keyspace

extension RDBValueReader {
    /// A value in a packed form of versions before Redis 7.
    func oldForm(_ type: RDBType, _ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        switch type {
        case .listZiplistNodes: return try ziplistNodes(&input)
        case .listZiplist: return try ziplist(&input)
        case .hashZipmap: return try zipmap(&input)
        case .hashZiplist: return try ziplistPairs(.hashListPack, &input)
        default: return try ziplistPairs(.sortedSetListPack, &input)
        }
    }

    /// Calls with the bytes of a string that is a packed form, and fails if the body returns false.
    private func withBlob(
        _ input: inout RDBInput, _ text: StaticString, _ body: (ByteSlice) -> Bool
    ) throws(RDBFailure) {
        let blob = try input.blob()
        defer { atoll_memory_give(blob.base) }
        guard body(ByteSlice(start: blob.base, count: blob.count)) else { throw input.corrupt(text) }
    }

    // MARK: - Lists

    private func ziplist(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        var list = ListValue.makeForNodes()
        do throws(RDBFailure) {
            try withBlob(&input, "a ziplist of a list is broken") { bytes in
                Ziplist.forEach(bytes) { value in
                    value.withBytes { list.push($0, at: .tail, limits: limits.list) }
                    return true
                }
            }
        } catch {
            list.free()
            throw error
        }
        return finish(&list)
    }

    private func ziplistNodes(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let count = try input.count()
        guard count > 0 else { return .empty }
        var list = ListValue.makeForNodes()
        do throws(RDBFailure) {
            for _ in 0..<count {
                let pack = try converted(&input) { _ in true }
                if pack.isEmpty { pack.free() } else { list.adoptNode(pack) }
            }
        } catch {
            list.free()
            throw error
        }
        return finish(&list)
    }

    /// A listpack of the elements of a ziplist, each of which the body is asked for.
    private func converted(
        _ input: inout RDBInput, _ isWanted: (ListPackValue) -> Bool
    ) throws(RDBFailure) -> ListPack {
        var list = ListPack.make()
        do throws(RDBFailure) {
            try withBlob(&input, "a ziplist is broken") { bytes in
                list.reserve(min(bytes.count, ListPack.byteCountMax))
                return Ziplist.forEach(bytes) { value in
                    guard isWanted(value), list.isSafeToAdd(value.byteCountMax) else { return false }
                    value.withBytes { list.append($0) }
                    return true
                }
            }
        } catch {
            list.free()
            throw error
        }
        list.shrinkToFit()
        return list
    }

    // MARK: - Hashes and sorted sets

    private func ziplistPairs(_ type: RDBType, _ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        let seen = MemberTable.make(hasher: hasher)
        defer { seen.free() }
        var isName = true
        let list = try converted(&input) { value in
            defer { isName.toggle() }
            return isName ? value.withBytes { seen.add($0) } : true
        }
        guard !list.isEmpty else {
            list.free()
            return .empty
        }
        return try packed(type, list, findsDuplicates: false, &input)
    }

    private func zipmap(_ input: inout RDBInput) throws(RDBFailure) -> RDBValue {
        var hash = HashValue.make()
        do throws(RDBFailure) {
            try withBlob(&input, "a zipmap is broken") { bytes in
                Zipmap.forEach(bytes) { hash.set($0, $1, limits: limits, hasher: hasher) }
            }
        } catch {
            hash.free()
            throw error
        }
        return .pointer(hash.kind, hash.pointer)
    }
}
