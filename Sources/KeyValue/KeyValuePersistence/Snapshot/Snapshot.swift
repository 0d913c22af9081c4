// A snapshot of all databases as they are at one moment, taken while they go on changing: no fork, no second copy.
//
// The cut is where `begin` is called. From then on each bucket of each table is written once: by `step`, which walks
// through them a little at a time, or earlier, when something in the bucket is about to change (`TableCut`). A value made
// of a large table is not written at once but cut itself, and comes after the bucket that its key is in.
//
// While a large value is being written its bytes must not be interrupted: keys that have to be taken meanwhile go to a
// second encoder, whose bytes come behind.

import Bytes
import CIOLoop
package import Keyspace

/// A snapshot under way. Everything happens on the thread that owns the keyspace.
package final class Snapshot: CutSink {
    private let databases: UnsafeMutablePointer<Database>
    private let databaseCount: Int
    private let reclaimer: Reclaimer
    private let encoder: any SnapshotEncoder
    private let side: any SnapshotEncoder
    /// Where the bytes go.
    package let output: any SnapshotOutput
    private var parts: [DatabasePart] = []
    private var currentPart = 0
    /// Large values in the order in which they will be written, by their tags.
    private var largeValues: [Int: any LargeValue] = [:]
    private var firstLarge: Int
    private var nextLarge: Int
    /// The large value that is being written.
    private var openLarge: (any LargeValue)?
    /// Tables of flushed databases that are still to be walked, or hold values that are.
    private var adopted: [UnsafeMutablePointer<HashTable>] = []
    private var isEnded = false

    /// Keys at the cut, and how many of them have been taken.
    package private(set) var keyCount = 0
    package private(set) var takenKeyCount = 0

    /// From which size on a value is taken piece by piece.
    package struct LargeValueLimits: Sendable {
        /// Elements: by default about 50 microseconds of work.
        package var elementsMin = 512
        /// The same for lists and streams, in nodes of some KiB.
        package var nodesMin = 8

        package init() {}
    }

    private let limits: LargeValueLimits
    /// Bytes that are handed to the output at once.
    private static let chunkByteCount = 64 << 10
    /// The walk rests while this much waits to be written.
    private static let queuedByteCountMax = 4 << 20
    /// Bytes that wait for a large value, or to be written, from which on the walk takes more of a turn's time.
    private static let hurryByteCount = 8 << 20
    /// How much more.
    private static let hurryFactor: UInt64 = 8
    /// Bytes from which on everybody waits for the disk: memory must not grow past what it can take.
    private static let stallByteCount = 24 << 20

    /// One database of the cut.
    private struct DatabasePart {
        let database: SnapshotDatabase
        let cut: TableCutReference
        /// The numbered database in which the table was last seen.
        var place: Int
        /// The table, if its database has been flushed since.
        var orphan: UnsafeMutablePointer<HashTable>?
        var cursor = 0
    }

    package init(
        databases: UnsafeMutablePointer<Database>, count: Int, reclaimer: Reclaimer, encoder: any SnapshotEncoder,
        output: any SnapshotOutput, limits: LargeValueLimits = LargeValueLimits()
    ) {
        self.limits = limits
        self.databases = databases
        databaseCount = count
        self.reclaimer = reclaimer
        self.encoder = encoder
        self.output = output
        side = encoder.makeSide()
        firstLarge = count
        nextLarge = count
    }

    deinit { close() }

    /// Makes the cut here and now. No other snapshot may be under way.
    package func begin() {
        precondition(reclaimer.snapshot == nil)
        reclaimer.snapshot = self
        for number in 0..<databaseCount where databases[number].count > 0 {
            databases[number].table.beginCut(sink: self, tag: parts.count)
            guard let cut = databases[number].table.cut else { continue }
            let database = SnapshotDatabase(
                number: number, keyCount: databases[number].count, expiryCount: databases[number].volatileCount)
            parts.append(DatabasePart(database: database, cut: cut, place: number))
            keyCount += database.keyCount
        }
        encoder.begin()
    }

    /// Bytes that wait in memory for a large value to be whole, or to be written.
    package var heldByteCount: Int {
        var sum = output.queuedByteCount + encoder.byteCount + side.byteCount
        for large in largeValues.values { sum += large.heldByteCount }
        return sum
    }

    /// Whether the walk rests because enough waits to be written.
    package var isOutputBusy: Bool { output.queuedByteCount > Self.queuedByteCountMax }

    /// The part of that which the engine counts as memory in use, and maxmemory must not.
    package var countedByteCount: Int { largeValues.values.reduce(0) { $0 + $1.heldByteCount } }

    // MARK: - Walking

    /// Goes on with the walk for about that long; does nothing while the output has enough to do.
    /// - Returns: true when everything has been handed to the output. The snapshot stays until that has a result.
    package func step(ticksMax: UInt64) -> Bool {
        if isEnded { return true }
        let held = heldByteCount
        if output.queuedByteCount > Self.queuedByteCountMax { return false }
        let budget = held > Self.hurryByteCount ? ticksMax &* Self.hurryFactor : ticksMax
        let began = atoll_ticks()
        repeat {
            if !takeMore() {
                finish()
                return true
            }
            handOver()
        } while atoll_ticks() &- began < budget && output.queuedByteCount <= Self.queuedByteCountMax
        return false
    }

    /// Goes on to the end, waiting for the output as needed.
    package func stepToEnd() {
        while !isEnded {
            if takeMore() { handOver() } else { finish() }
            if output.queuedByteCount > Self.queuedByteCountMax {
                output.wait(untilQueuedBelow: Self.queuedByteCountMax / 2)
            }
        }
    }

    /// Takes one bucket of a large value, or of a database.
    /// - Returns: false when there is nothing left.
    private func takeMore() -> Bool {
        if openLarge != nil || firstLarge < nextLarge {
            takeMoreOfLargeValue()
            return true
        }
        guard currentPart < parts.count else { return false }
        if takeBucket(ofPart: currentPart) { return true }
        endCut(ofPart: currentPart)
        currentPart += 1
        return true
    }

    private func takeBucket(ofPart index: Int) -> Bool {
        let cursor = parts[index].cursor
        guard let table = table(ofPart: index), cursor < table.pointee.bucketCount else { return false }
        parts[index].cursor = cursor + 1
        table.pointee.takeBucket(cursor)
        return true
    }

    /// The table of a part, wherever SWAPDB has put it.
    private func table(ofPart index: Int) -> UnsafeMutablePointer<HashTable>? {
        if let orphan = parts[index].orphan { return orphan }
        let cut = parts[index].cut
        if databases[parts[index].place].table.cut != cut {
            guard let place = (0..<databaseCount).first(where: { databases[$0].table.cut == cut }) else { return nil }
            parts[index].place = place
        }
        return databases[parts[index].place].tableAddress
    }

    private func endCut(ofPart index: Int) {
        table(ofPart: index)?.pointee.endCut()
    }

    private func handOver(all: Bool = false) {
        if encoder.byteCount >= Self.chunkByteCount || all, encoder.byteCount > 0 { output.write(encoder.take()) }
    }

    private func finish() {
        encoder.end()
        handOver(all: true)
        close()
        output.complete()
    }

    /// The output has a result before all was handed to it: it failed, and there is nothing to go on for.
    package func abandonIfUnfinished() { close() }

    /// Gives the snapshot up, also while its file is being completed.
    package func abandon() {
        close()
        output.abandon()
    }

    /// Ends all cuts and frees what was kept for them.
    private func close() {
        guard !isEnded else { return }
        isEnded = true
        for index in parts.indices.dropFirst(currentPart) { endCut(ofPart: index) }
        if let openLarge { end(openLarge) }
        openLarge = nil
        while let large = popLarge() { end(large) }
        if reclaimer.snapshot === self { reclaimer.snapshot = nil }
        for box in adopted {
            reclaimer.reclaim(table: box.move(), inBackground: true)
            box.deallocate()
        }
        adopted = []
    }

    // MARK: - Large values

    private func popLarge() -> (any LargeValue)? {
        guard firstLarge < nextLarge else { return nil }
        defer { firstLarge += 1 }
        return largeValues.removeValue(forKey: firstLarge)
    }

    private func takeMoreOfLargeValue() {
        guard let large = openLarge else { return open(popLarge()) }
        if large.takeMore(encoder) { return }
        encoder.endLarge()
        end(large)
        openLarge = nil
        takenKeyCount += 1
        guard side.byteCount > 0 else { return }
        handOver(all: true)
        output.write(side.take())
    }

    private func open(_ large: (any LargeValue)?) {
        guard let large else { return }
        encoder.select(large.database)
        large.open(encoder)
        openLarge = large
    }

    private func end(_ large: any LargeValue) {
        large.endCut()
        guard large.isOrphan else { return }
        reclaimer.reclaim(kind: large.record.kind, pointer: large.record.pointer)
    }

    // MARK: - CutSink

    package func take(bucket: Int, of table: borrowing HashTable, _ cut: TableCutReference) {
        let tag = cut.pointee.tag
        if tag < parts.count {
            takeKeys(bucket, table, parts[tag].database)
        } else if let open = openLarge as? LargeTable, open.tag == tag {
            open.take(bucket: bucket, of: table)
        } else {
            (largeValues[tag] as? LargeTable)?.take(bucket: bucket, of: table)
        }
    }

    private func takeKeys(_ bucket: Int, _ table: borrowing HashTable, _ database: SnapshotDatabase) {
        let target = openLarge == nil ? encoder : side
        table.forEach(inBucket: bucket) { slot in
            let record = slot.record
            if cutIfLarge(record, database) { return }
            target.select(database)
            target.key(record)
            takenKeyCount += 1
        }
        if output.queuedByteCount > Self.stallByteCount {
            output.wait(untilQueuedBelow: Self.queuedByteCountMax)
        } else if openLarge == nil {
            handOver()
        }
    }

    private func cutIfLarge(_ record: Record, _ database: SnapshotDatabase) -> Bool {
        guard record.kind.isPointer else { return false }
        if record.kind == .listNodes {
            guard ListValue(kind: record.kind, base: record.pointer).nodeCount >= limits.nodesMin else {
                return false
            }
            largeValues[nextLarge] = LargeList(record, database: database)
        } else if record.kind == .stream {
            guard Stream(record.pointer).nodeCount >= limits.nodesMin else { return false }
            largeValues[nextLarge] = LargeStream(record, database: database, encoder: encoder)
        } else {
            guard let table = ValueMemory.table(kind: record.kind, pointer: record.pointer),
                table.pointee.count >= limits.elementsMin
            else { return false }
            largeValues[nextLarge] = LargeTable(record, table: table, database: database, sink: self, tag: nextLarge)
        }
        nextLarge += 1
        return true
    }

    package func adopt(kind: ValueKind, pointer: UnsafeMutableRawPointer) {
        if let openLarge, openLarge.record.pointer == pointer { return openLarge.isOrphan = true }
        largeValues.values.first { $0.record.pointer == pointer }?.isOrphan = true
    }

    package func adopt(_ table: consuming HashTable) {
        let cut = table.cut
        let box = UnsafeMutablePointer<HashTable>.allocate(capacity: 1)
        box.initialize(to: table)
        adopted.append(box)
        guard let cut, let index = parts.firstIndex(where: { $0.cut == cut }) else { return }
        parts[index].orphan = box
    }
}
