package import Bytes

extension SetValue {
    /// Adds the member, converting the set where it outgrows its form, and returns whether the member was new.
    @inline(__always)
    package mutating func add(
        _ member: ByteSlice, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        kind == .setTable ? table.add(member) : addToSmall(member, limits: limits, hasher: hasher)
    }

    private mutating func addToSmall(
        _ member: ByteSlice, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        guard kind == .setIntegers else { return addToPacked(member, limits: limits, hasher: hasher) }
        guard let integer = Decimal.parse(member) else {
            return addText(member, limits: limits, hasher: hasher)
        }
        return addInteger(integer, limits: limits, hasher: hasher)
    }

    /// Adds what is a member of another set.
    package mutating func add(
        _ member: ListPackValue, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        if kind == .setIntegers, let integer = member.integer {
            return addInteger(integer, limits: limits, hasher: hasher)
        }
        if let text = member.text { return add(text, limits: limits, hasher: hasher) }
        return withUnsafeTemporaryAllocation(byteCount: ListPackValue.scratchByteCount, alignment: 8) { scratch in
            let bytes = member.bytes(scratch: scratch.baseAddress.unsafelyUnwrapped)
            return add(bytes, limits: limits, hasher: hasher)
        }
    }

    /// Makes a table of a packed set that is about to get more members than it may have.
    package mutating func expect(count: Int, limits: EncodingLimits, hasher: KeyedHash) {
        let isTooMany =
            kind == .setPacked && count > limits.setPackedCountMax
            || kind == .setIntegers && count > limits.setIntegersMax
        if isTooMany { convertToTable(hasher: hasher) }
    }

    private mutating func addToPacked(
        _ member: ByteSlice, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        var list = packed
        if list.find(member, from: list.firstPosition) != nil { return false }
        if list.count < limits.setPackedCountMax, member.count <= limits.setPackedByteCountMax,
            list.isSafeToAdd(member.count)
        {
            list.append(member)
            pointer = list.base
            return true
        }
        convertToTable(hasher: hasher)
        return table.add(member)
    }

    private mutating func addInteger(
        _ integer: Int64, limits: EncodingLimits, hasher: KeyedHash
    ) -> Bool {
        var set = integers
        guard set.add(integer) else { return false }
        pointer = set.base
        if set.count > min(limits.setIntegersMax, 1 << 30) { convertToTable(hasher: hasher) }
        return true
    }

    /// Adds text to an intset, which ends it.
    private mutating func addText(_ member: ByteSlice, limits: EncodingLimits, hasher: KeyedHash) -> Bool {
        if fitsPacked(adding: member, limits: limits) {
            convertToPacked()
            var list = packed
            list.append(member)
            list.shrinkToFit()
            pointer = list.base
            return true
        }
        convertToTable(hasher: hasher)
        return table.add(member)
    }

    private func fitsPacked(adding member: ByteSlice, limits: EncodingLimits) -> Bool {
        let set = integers
        let count = set.count
        guard count < limits.setPackedCountMax, member.count <= limits.setPackedByteCountMax else { return false }
        guard count > 0 else { return true }
        let (first, last) = (set.value(at: 0), set.value(at: count - 1))
        guard max(Decimal.length(first), Decimal.length(last)) <= limits.setPackedByteCountMax else { return false }
        let estimate = max(
            ListPack.estimatedByteCount(repeating: first, count: count),
            ListPack.estimatedByteCount(repeating: last, count: count))
        return estimate < ListPack.byteCountMax - member.count
    }

    // MARK: - Conversions

    private mutating func convertToPacked() {
        var list = ListPack.make(capacityBytes: integers.count * 4 + 16)
        forEach { member in
            list.append(member.element)
            return true
        }
        free()
        kind = .setPacked
        pointer = list.base
    }

    private mutating func convertToTable(hasher: KeyedHash) {
        let members = MemberTable.make(hasher: hasher)
        forEach { member in
            member.withBytes { _ = members.add($0) }
            return true
        }
        free()
        kind = .setTable
        pointer = members.base
    }

    /// Makes an intset of a set all of whose members are integers, unless there are too many.
    package mutating func convertToIntegers(limits: EncodingLimits) {
        guard kind != .setIntegers, count <= min(limits.setIntegersMax, 1 << 30) else { return }
        var set = IntegerSet.make()
        var isComplete = true
        forEach { member in
            guard let integer = member.integer ?? member.text.flatMap(Decimal.parse) else {
                isComplete = false
                return false
            }
            _ = set.add(integer)
            return true
        }
        guard isComplete else { return set.free() }
        free()
        kind = .setIntegers
        pointer = set.base
    }

    /// Gives back memory that was taken in advance.
    package mutating func shrinkToFit() {
        guard kind == .setPacked else { return }
        var list = packed
        list.shrinkToFit()
        pointer = list.base
    }
}
