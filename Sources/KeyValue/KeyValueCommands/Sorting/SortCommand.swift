// SORT and SORT_RO. Elements and weights are references into values: the request changes no key before the end but by
// removing due ones, and neither the value being sorted nor what was just looked up is due.

import Bytes
import Glibc
import Keyspace
import RESP

/// SORT, SORT_RO.
enum SortCommand {
    static func sort(_ call: inout Call) { sort(call, mayStore: true) }
    static func sortReadOnly(_ call: inout Call) { sort(call, mayStore: false) }

    /// An element and what it is sorted by.
    private struct Item {
        let element: ListPackValue
        var score = 0.0
        var weight: ListPackValue?
    }

    private static func sort(_ call: Call, mayStore: Bool) {
        guard var options = SortOptions(call, mayStore: mayStore) else { return }
        let entry = call.read(call[1]).entry
        if let type = entry?.type, type != .list, type != .set, type != .sortedSet { return call.wrongType() }
        if options.isUnsorted, entry?.type == .set, options.storeKey != nil {
            // What is stored must not depend on the order of a table.
            options.isUnsorted = false
            options.isAlphabetic = true
            options.weightPattern = nil
        }
        var items: [Item]
        if options.isUnsorted, let entry, entry.type != .set {
            items = inOrder(entry, options)
        } else {
            items = entry.map(all) ?? []
            if !options.isUnsorted {
                guard weigh(&items, options, call) else {
                    return call.error("ERR One or more scores can't be converted into double")
                }
                order(&items, options)
            }
            items = Array(items[options.range(of: items.count)])
        }
        if let key = options.storeKey {
            store(items, options, under: key, call)
        } else {
            reply(items, options, call)
        }
    }

    // MARK: - Elements

    private static func all(of entry: Entry) -> [Item] {
        var items: [Item] = []
        switch entry.type {
        case .list:
            let list = ListValue(entry)
            items.reserveCapacity(list.count)
            guard var cursor = list.cursor(at: 0) else { return [] }
            repeat { items.append(Item(element: cursor.value)) } while cursor.moveToNext()
        case .set:
            let set = SetValue(entry)
            items.reserveCapacity(set.count)
            set.forEach { member in
                items.append(Item(element: member))
                return true
            }
        default:
            let set = SortedSetValue(entry)
            items.reserveCapacity(set.count)
            var cursor = set.cursor(fromRank: 0, count: set.count)
            while let element = cursor.next() { items.append(Item(element: element.member)) }
        }
        return items
    }

    /// The wanted part of a list or sorted set in its own order, or the reverse of it.
    private static func inOrder(_ entry: Entry, _ options: SortOptions) -> [Item] {
        var items: [Item] = []
        if entry.type == .list {
            let list = ListValue(entry)
            let range = options.range(of: list.count)
            let first = options.isDescending ? list.count - 1 - range.lowerBound : range.lowerBound
            guard !range.isEmpty, var cursor = list.cursor(at: first) else { return [] }
            for index in range {
                items.append(Item(element: cursor.value))
                guard index + 1 < range.upperBound else { break }
                guard options.isDescending ? cursor.moveToPrevious() : cursor.moveToNext() else { break }
            }
            return items
        }
        let set = SortedSetValue(entry)
        let range = options.range(of: set.count)
        let first = options.isDescending ? set.count - 1 - range.lowerBound : range.lowerBound
        var cursor = set.cursor(fromRank: first, count: range.count, isReversed: options.isDescending)
        while let element = cursor.next() { items.append(Item(element: element.member)) }
        return items
    }

    // MARK: - Order

    /// Finds what each element is sorted by.
    /// - Returns: false if one is not a number.
    private static func weigh(_ items: inout [Item], _ options: SortOptions, _ call: Call) -> Bool {
        var areNumbers = true
        for index in items.indices {
            let element = items[index].element
            let weight = options.weightPattern.map { $0.value(for: element, call) } ?? element
            guard let weight else { continue }
            items[index].weight = weight
            guard !options.isAlphabetic else { continue }
            if let score = score(weight) { items[index].score = score } else { areNumbers = false }
        }
        return areNumbers
    }

    private static func score(_ value: ListPackValue) -> Double? {
        if let integer = value.integer { return Double(integer) }
        guard let text = value.text, let score = DoubleText.parseLoosely(text), !score.isNaN else { return nil }
        // Too large for a double, unless infinity was meant.
        if score.isInfinite, text.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) { return nil }
        return text.contains(0) ? nil : score
    }

    private static func order(_ items: inout [Item], _ options: SortOptions) {
        let collates = options.storeKey == nil && hasCollation
        let hasWeights = options.weightPattern != nil
        let isDescending = options.isDescending
        if options.isAlphabetic {
            items.sort { first, second in
                let order: Int
                if hasWeights {
                    order = compare(first.weight, second.weight, collates: collates)
                } else {
                    order = compare(first.element, second.element, collates: collates)
                }
                return isDescending ? order > 0 : order < 0
            }
            return
        }
        items.sort { first, second in
            if first.score != second.score { return (first.score < second.score) != isDescending }
            let order = compare(first.element, second.element, collates: false)
            return isDescending ? order > 0 : order < 0
        }
    }

    /// Whether a locale is set in which texts are not ordered by their bytes.
    private static var hasCollation: Bool {
        guard let name = setlocale(LC_COLLATE, nil) else { return false }
        return strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0
    }

    /// What is missing comes first.
    private static func compare(_ first: ListPackValue?, _ second: ListPackValue?, collates: Bool) -> Int {
        guard let first, let second else { return (first == nil ? 0 : 1) - (second == nil ? 0 : 1) }
        return first.withBytes { first in
            second.withBytes { second in
                guard collates else { return first.compare(second) }
                return Int(
                    strcoll(first.map { CChar(bitPattern: $0) } + [0], second.map { CChar(bitPattern: $0) } + [0]))
            }
        }
    }

    // MARK: - Results

    private static func reply(_ items: [Item], _ options: SortOptions, _ call: Call) {
        let reply = call.reply
        reply.array(items.count * max(options.results.count, 1))
        for item in items {
            if options.results.isEmpty { reply.element(item.element) }
            for pattern in options.results {
                if let value = pattern.value(for: item.element, call) { reply.element(value) } else { reply.null() }
            }
        }
    }

    private static func store(_ items: [Item], _ options: SortOptions, under key: ByteSlice, _ call: Call) {
        guard !items.isEmpty else {
            if let entry = call.write(key).entry {
                call.database.pointee.remove(entry)
                call.changed(key, .generic, "del")
            }
            return call.reply.integer(0)
        }
        let limits = call.settings.encoding.list
        var list = ListValue.makeForNodes()
        func push(_ value: ListPackValue) { value.withBytes { list.push($0, at: .tail, limits: limits) } }
        for item in items {
            if options.results.isEmpty { push(item.element) }
            for pattern in options.results {
                if let value = pattern.value(for: item.element, call) {
                    push(value)
                } else {
                    list.push(("" as StaticString).bytes, at: .tail, limits: limits)
                }
            }
        }
        list.chooseEncoding(limits: limits)
        let count = list.count
        let place = call.write(key)
        call.database.pointee.setPointer(place, kind: list.kind, pointer: list.base, clock: call.freshClock)
        if place.entry == nil { call.keyAdded(key) }
        call.changed(key, .list, "sortstore")
        call.countChanges(count - 1)
        call.reply.integer(count)
    }
}
