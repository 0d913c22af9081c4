// How commands reach keys, and what they have to tell when they change one.

package import Bytes
package import Keyspace

extension Call {
    // MARK: - Lookup

    /// The key for reading: expired ones are removed, hits and misses counted, the access clock is set.
    @inline(__always)
    package func read(_ key: ByteSlice) -> KeyPlace {
        let place = engine.find(key, in: database, index: client.pointee.databaseIndex)
        if let entry = place.entry {
            engine.pointee.statistics.keyspaceHitCount &+= 1
            engine.touch(entry, by: client)
        } else {
            engine.pointee.statistics.keyspaceMissCount &+= 1
            if engine.pointee.settings.notifications.contains(.keyMiss) { notify(.keyMiss, "keymiss", key) }
        }
        return place
    }

    /// The key for reading a value of that type; nil once WRONGTYPE has been replied.
    @inline(__always)
    package func read(_ key: ByteSlice, _ type: ValueType) -> KeyPlace? {
        let place = read(key)
        guard let entry = place.entry, entry.type != type else { return place }
        wrongType()
        return nil
    }

    /// The key for changing: expired ones are removed, the access clock is set.
    @inline(__always)
    package func write(_ key: ByteSlice) -> KeyPlace {
        let place = engine.find(key, in: database, index: client.pointee.databaseIndex)
        if let entry = place.entry { engine.touch(entry, by: client) }
        database.pointee.willChange(place)
        return place
    }

    /// The key for changing a value of that type; nil once WRONGTYPE has been replied.
    @inline(__always)
    package func write(_ key: ByteSlice, _ type: ValueType) -> KeyPlace? {
        let place = write(key)
        guard let entry = place.entry, entry.type != type else { return place }
        wrongType()
        return nil
    }

    /// The key as it is, its access clock untouched (TYPE, TTL, OBJECT …); expired ones are removed.
    package func peek(_ key: ByteSlice) -> KeyPlace {
        engine.find(key, in: database, index: client.pointee.databaseIndex)
    }

    // MARK: - Values

    /// The value of the access clock for a new key.
    @inline(__always)
    package var freshClock: UInt32 { engine.freshClock }

    /// Adds a key with a value of a pointer kind. The key must not be there.
    @discardableResult
    package func add(_ place: KeyPlace, kind: ValueKind, pointer: UnsafeMutableRawPointer) -> Entry {
        let entry = database.pointee.setPointer(place, kind: kind, pointer: pointer, clock: freshClock)
        keyAdded(place.key)
        return entry
    }

    /// To be called after a key has been added: event `new`, and clients that wait for the key.
    @inline(__always)
    package func keyAdded(_ key: ByteSlice) {
        if engine.pointee.settings.notifications.contains(.new) { notify(.new, "new", key) }
        if engine.pointee.blockedKeyCount > 0 { engine.keyReady(key, databaseIndex: client.pointee.databaseIndex) }
    }

    /// Removes a key whose collection has become empty, with event `del`.
    package func removeEmptied(_ entry: Entry, _ key: ByteSlice) {
        database.pointee.remove(entry)
        notify(.generic, "del", key)
    }

    // MARK: - Changes

    /// A change was made: counts it, and tells watchers, tracking clients and subscribers. To be called once a key and
    /// event, after the change.
    @inline(__always)
    package func changed(_ key: ByteSlice, _ type: NotificationClasses, _ event: StaticString) {
        engine.pointee.dirty &+= 1
        engine.signalModified(key, databaseIndex: client.pointee.databaseIndex, by: client)
        notify(type, event, key)
    }

    /// A key was changed: tells watchers and tracking clients, without counting or event.
    @inline(__always)
    package func signalModified(_ key: ByteSlice) {
        engine.signalModified(key, databaseIndex: client.pointee.databaseIndex, by: client)
    }

    /// Counts changes for save points, and says that the command is to be journalled.
    @inline(__always)
    package func countChanges(_ count: Int) { engine.pointee.dirty &+= count }

    /// Publishes a keyspace event if it is switched on.
    @inline(__always)
    package func notify(_ type: NotificationClasses, _ event: StaticString, _ key: ByteSlice) {
        let wanted = engine.pointee.settings.notifications
        guard !wanted.isDisjoint(with: type) else { return }
        engine.publishEvent(event, key: key, databaseIndex: client.pointee.databaseIndex)
    }

    // MARK: - Journal

    /// Whether anybody reads the journal: otherwise rewriting is work for nothing.
    @inline(__always)
    package var isJournalled: Bool { engine.pointee.journal.isEnabled }

    /// The journal gets this request in place of the client's: what was random, relative to now, or only tried, becomes
    /// what happened (SPOP: SREM; EXPIRE: PEXPIREAT; XADD *: the id). Several calls: several requests.
    package func journalInstead(_ arguments: [ByteSlice]) {
        engine.pointee.journal.replace(arguments)
    }

    /// The journal does not get the client's request, whatever it changed; only what stands in its place.
    package func journalNothing() { engine.pointee.journal.silence() }

    /// The journal gets the request even if nothing has changed.
    package func journalAlways() { engine.pointee.journal.force() }
}
