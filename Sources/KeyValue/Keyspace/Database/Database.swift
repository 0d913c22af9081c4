// One numbered database: a table of records, and all that happens to a key whatever its type.

package import Bytes
import CMemory
import Glibc

/// One numbered database. One owner; commands reach it through their `Call`.
///
/// Before a value is changed in place, `willChange` is called with its place: a snapshot takes what it still needs then.
/// All other changes go through the functions below, which do that themselves.
package struct Database: ~Copyable {
    package var table: HashTable
    /// Keys that have an expiry.
    package internal(set) var volatileCount = 0
    /// Where the sweep for due keys goes on: a bucket.
    private var sweepBucket = 0
    /// Where the search for rare keys with an expiry goes on: a bucket.
    var sampleBucket = 0
    private let reclaimer: Reclaimer
    /// Whether values are reclaimed by the helper thread, whatever their size.
    package var reclaimsInBackground = true

    package init(hasher: KeyedHash, reclaimer: Reclaimer) {
        table = HashTable(hasher: hasher)
        self.reclaimer = reclaimer
    }

    package var count: Int { table.count }

    /// The table at its address, which stays as long as the database's.
    package var tableAddress: UnsafeMutablePointer<HashTable> {
        mutating get { withUnsafeMutablePointer(to: &table) { $0 } }
    }

    /// Longest string that lies in its record; a record's length byte ends at 255.
    package static let inlineStringByteCountMax = 192

    // MARK: - Lookup

    @inline(__always)
    package func hash(_ key: ByteSlice) -> UInt64 { table.hash(key) }

    /// The key and its entry, expired or not.
    @inline(__always)
    package func place(_ key: ByteSlice) -> KeyPlace {
        let hash = table.hash(key)
        return KeyPlace(key: key, hash: hash, entry: table.find(key, hash: hash).map(Entry.init))
    }

    // MARK: - Snapshots

    /// To be called before the value at the place is changed in place. The place stays valid.
    @inline(__always)
    package func willChange(_ place: KeyPlace) {
        if place.entry != nil { table.willChange(hash: place.hash) }
    }

    @inline(__always)
    private func willChange(_ entry: Entry) {
        if table.cut != nil { table.willChange(hash: table.hash(entry.key)) }
    }

    // MARK: - Strings

    /// Gives the key a string, whatever it had before. The place is void afterwards.
    /// - Parameter expiry: milliseconds since 1970, or nil for none.
    @discardableResult
    package mutating func setString(_ place: KeyPlace, _ value: ByteSlice, clock: UInt32, expiry: Int64?) -> Entry {
        if let integer = Self.integer(value) {
            return store(place, kind: .stringInteger, valueByteCount: 8, clock: clock, expiry: expiry) {
                $0.storeBytes(of: integer, as: Int64.self)
            }
        }
        return setText(place, value, clock: clock, expiry: expiry)
    }

    /// The same for a string that is to be held as bytes even if it has the form of an integer.
    @discardableResult
    package mutating func setText(_ place: KeyPlace, _ value: ByteSlice, clock: UInt32, expiry: Int64?) -> Entry {
        if value.count <= Self.inlineStringByteCountMax {
            return store(place, kind: .stringInline, valueByteCount: 1 + value.count, clock: clock, expiry: expiry) {
                $0.storeBytes(of: UInt8(truncatingIfNeeded: value.count), as: UInt8.self)
                if let start = value.baseAddress { memcpy($0 + 1, start, value.count) }
            }
        }
        let buffer = StringBuffer.make(value)
        return setPointer(place, kind: .stringBuffer, pointer: buffer.base, clock: clock, expiry: expiry)
    }

    /// Gives the key an integer, whatever it had before.
    @discardableResult
    package mutating func setInteger(_ place: KeyPlace, _ value: Int64, clock: UInt32, expiry: Int64?) -> Entry {
        store(place, kind: .stringInteger, valueByteCount: 8, clock: clock, expiry: expiry) {
            $0.storeBytes(of: value, as: Int64.self)
        }
    }

    /// Gives the key a value of a pointer kind, whatever it had before; the database owns it from then on.
    @discardableResult
    package mutating func setPointer(
        _ place: KeyPlace, kind: ValueKind, pointer: UnsafeMutableRawPointer, clock: UInt32, expiry: Int64? = nil
    ) -> Entry {
        store(place, kind: kind, valueByteCount: 8, clock: clock, expiry: expiry) {
            $0.storeBytes(of: pointer, as: UnsafeMutableRawPointer.self)
        }
    }

    /// The integer that a string is the canonical form of: 20 bytes at most.
    @inline(__always)
    private static func integer(_ value: ByteSlice) -> Int64? {
        guard value.count > 0, value.count <= Decimal.lengthMax, value.byte(at: 0) <= 0x39 else { return nil }
        return Decimal.parse(value)
    }

    /// Makes room for a value in the record of the key, in place where it fits, and has it written.
    @inline(__always)
    private mutating func store(
        _ place: KeyPlace, kind: ValueKind, valueByteCount: Int, clock: UInt32, expiry: Int64?,
        write: (UnsafeMutableRawPointer) -> Void
    ) -> Entry {
        guard let entry = place.entry else {
            let record = Record.make(
                kind: kind, key: place.key, valueByteCount: valueByteCount, clock: clock, expiry: expiry)
            write(record.value)
            if expiry != nil { volatileCount += 1 }
            return Entry(table.insert(record, hash: place.hash, tag: ExpiryTag.make(expiry)))
        }
        table.willChange(hash: place.hash)
        let old = entry.record
        destroyValue(of: old)
        if old.hasExpiry == (expiry != nil), Self.fits(valueByteCount, inPlaceOf: old) {
            old.kind = kind
            old.clock = clock
            if let expiry {
                old.overwriteExpiry(expiry)
                entry.slot.tag = ExpiryTag.make(expiry)
            }
            write(old.value)
            return entry
        }
        let record = Record.make(
            kind: kind, key: old.key, valueByteCount: valueByteCount, clock: clock, expiry: expiry)
        write(record.value)
        swapRecord(entry, for: record)
        return entry
    }

    /// Whether a value of that size needs an allocation of the same size as the one that is there.
    @inline(__always)
    private static func fits(_ valueByteCount: Int, inPlaceOf record: Record) -> Bool {
        let overhead = record.value - record.base
        let old = overhead + (record.kind == .stringInline ? 1 + record.inlineBytes.count : 8)
        let new = overhead + valueByteCount
        return (old + 7) & ~7 == (new + 7) & ~7
    }

    private mutating func swapRecord(_ entry: Entry, for record: Record) {
        let old = entry.record
        volatileCount += (record.hasExpiry ? 1 : 0) - (old.hasExpiry ? 1 : 0)
        entry.slot.replaceRecord(record)
        if record.hasExpiry {
            entry.slot.tag = ExpiryTag.make(record.expiry)
        } else if old.hasExpiry {
            entry.slot.tag = TableTag.make(table.hash(record.key))
        }
        old.free()
    }

    /// The string of an entry as a buffer that can be changed in place; the result's handle is void once it is resized.
    /// The caller stores the handle with `entry.pointer` after resizing.
    package mutating func stringBuffer(_ entry: Entry) -> StringBuffer {
        willChange(entry)
        if entry.kind == .stringBuffer { return StringBuffer(entry.pointer) }
        let buffer = withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            StringBuffer.make(entry.stringBytes(scratch: scratch.baseAddress.unsafelyUnwrapped))
        }
        let old = entry.record
        let record = Record.make(
            kind: .stringBuffer, key: old.key, valueByteCount: 8, clock: old.clock, expiry: old.expiry)
        record.pointer = buffer.base
        swapRecord(entry, for: record)
        return buffer
    }

    // MARK: - Expiry

    /// Sets or removes the expiry. The entry stays valid, its record does not.
    package mutating func setExpiry(_ entry: Entry, _ expiry: Int64?) {
        willChange(entry)
        let old = entry.record
        if let expiry, old.hasExpiry {
            old.overwriteExpiry(expiry)
            entry.slot.tag = ExpiryTag.make(expiry)
            return
        }
        guard old.hasExpiry != (expiry != nil) else { return }
        let size = old.valueByteCount
        let record = Record.make(
            kind: old.kind, key: old.key, valueByteCount: size, clock: old.clock, expiry: expiry)
        memcpy(record.value, old.value, size)
        swapRecord(entry, for: record)
    }

    /// The next key that is due, looking through at most `budget` buckets from where the last call stopped.
    ///
    /// Which keys may be due is read from the tags in the buckets, without touching records: 64 bytes for six keys.
    /// - Parameter budget: counted down by the buckets that were looked at.
    package mutating func nextDue(now: Int64, budget: inout Int) -> Entry? {
        guard volatileCount > 0 else {
            budget = 0
            return nil
        }
        while budget > 0 {
            if sweepBucket >= table.bucketCount { sweepBucket = 0 }
            let due = table.firstSlot(inBucket: sweepBucket) { slot in
                guard ExpiryTag.mayBeDue(slot.tag, now: now), let expiry = slot.record.expiry else { return false }
                return expiry <= now
            }
            if let due { return Entry(due) }
            sweepBucket += 1
            budget -= 1
        }
        return nil
    }

    // MARK: - Removal

    /// Removes the key and its value.
    package mutating func remove(_ entry: Entry) {
        let record = entry.record
        if record.hasExpiry { volatileCount -= 1 }
        table.remove(entry.slot)
        destroyValue(of: record)
        record.free()
    }

    /// Takes the key out of the database and leaves its value to the caller.
    package mutating func detach(_ entry: Entry) -> DetachedValue {
        let record = entry.record
        if record.hasExpiry { volatileCount -= 1 }
        table.remove(entry.slot)
        return DetachedValue(record: record)
    }

    /// Puts a value under a key that is not there.
    @discardableResult
    package mutating func attach(_ value: consuming DetachedValue, key: ByteSlice, expiry: Int64?) -> Entry {
        let old = value.record
        let size = old.valueByteCount
        let record = Record.make(kind: old.kind, key: key, valueByteCount: size, clock: old.clock, expiry: expiry)
        memcpy(record.value, old.value, size)
        old.free()
        if expiry != nil { volatileCount += 1 }
        return Entry(table.insert(record, hash: table.hash(key), tag: ExpiryTag.make(expiry)))
    }

    /// Puts a deep copy of a value, of this or another database, under a key that is not there, with its expiry.
    @discardableResult
    package mutating func addCopy(of source: Record, key: ByteSlice, clock: UInt32) -> Entry {
        let size = source.valueByteCount
        let expiry = source.expiry
        let record = Record.make(kind: source.kind, key: key, valueByteCount: size, clock: clock, expiry: expiry)
        if source.kind.isPointer {
            record.pointer = ValueMemory.copy(kind: source.kind, pointer: source.pointer)
        } else {
            memcpy(record.value, source.value, size)
        }
        if expiry != nil { volatileCount += 1 }
        return Entry(table.insert(record, hash: table.hash(key), tag: ExpiryTag.make(expiry)))
    }

    /// Removes all keys: at once, or by the helper thread.
    /// - Returns: how many there were.
    @discardableResult
    package mutating func removeAll(inBackground: Bool) -> Int {
        let removed = table.count
        volatileCount = 0
        sweepBucket = 0
        var old = HashTable(hasher: table.hasher)
        swap(&old, &table)
        reclaimer.reclaim(table: consume old, inBackground: inBackground)
        return removed
    }

    /// Frees what a record points to: small values at once, large ones by the helper thread.
    @inline(__always)
    private func destroyValue(of record: Record) {
        let kind = record.kind
        guard kind.isPointer else { return }
        reclaimer.reclaim(kind: kind, pointer: record.pointer)
    }

    /// Frees a value that belongs to no key (any more), as removal does.
    package func reclaim(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        guard kind.isPointer else { return }
        reclaimer.reclaim(kind: kind, pointer: pointer)
    }
}

/// The tag of an entry in the table: bit 15 says that the key has an expiry, bits 0-14 the second of it, modulo 2^15.
enum ExpiryTag {
    private static let volatileBit: UInt16 = 0x8000
    private static let secondMask: Int64 = 0x7FFF
    /// Keys are looked at again when their second lies at most this far back, modulo 2^15: about four hours and a half
    /// within which every bucket is visited.
    private static let windowSeconds: Int64 = 0x4000

    @inline(__always)
    static func make(_ expiry: Int64?) -> UInt16 {
        guard let expiry else { return 0 }
        return volatileBit | UInt16(truncatingIfNeeded: second(expiry) & secondMask)
    }

    @inline(__always)
    static func isVolatile(_ tag: UInt16) -> Bool { tag & volatileBit != 0 }

    /// Whether a key may be due: false positives come from deadlines more than four hours away, and cost one look.
    @inline(__always)
    static func mayBeDue(_ tag: UInt16, now: Int64) -> Bool {
        guard tag & volatileBit != 0 else { return false }
        return (second(now) - Int64(tag & ~volatileBit)) & secondMask < windowSeconds
    }

    @inline(__always)
    private static func second(_ milliseconds: Int64) -> Int64 { milliseconds >> 10 }
}
