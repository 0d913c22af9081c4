import Bytes
package import PostgresWire
import Synchronization

/// The cancel keys of all clients of this process, whichever loop they are on.
///
/// A key is found by a keyed hash of the whole of it, so the time to look tells nothing about parts of a key, and then
/// compared in constant time.
package final class CancelKeys: Sendable {
    /// What a CancelRequest means.
    package enum Route: Hashable, Sendable {
        /// The client with this number, as the caller counts clients.
        case client(UInt64)
        /// Another pooler's client: hand on this request.
        case peer(UInt16, processID: UInt32, secret: [UInt8])
        /// Another pooler's client, and the request has come round too often.
        case hopsExhausted
        /// Nobody's key, or no longer.
        case unknown
    }

    private struct Entry {
        let key: CancelKey
        let client: UInt64
        /// The loop that the client is on.
        let loop: Int
    }

    private let random: RandomSource
    private let hash: KeyedHash
    /// 0 without peers.
    private let peerID: Atomic<UInt16>
    /// By the keyed hash of the key. Under the lock.
    private let entries = Mutex<[UInt64: Entry]>([:])

    /// - Parameter peerID: our number among peers, 0 without peers.
    package init(peerID: UInt16 = 0, random: RandomSource = .system) {
        precondition(peerID <= LoginLimits.peerIDMax)
        self.random = random
        let seed = random.bytes(16)
        self.hash = KeyedHash(key0: CancelKeys.word(seed[..<8]), key1: CancelKeys.word(seed[8...]))
        self.peerID = Atomic(peerID)
    }

    /// Number of keys that are valid.
    package var count: Int { entries.withLock { $0.count } }

    /// Changes our number among peers; keys that were given before stay valid here.
    package func setPeerID(_ peerID: UInt16) {
        precondition(peerID <= LoginLimits.peerIDMax)
        self.peerID.store(peerID, ordering: .relaxed)
    }

    /// A key for a client, valid until `remove`. O(1).
    package func issue(for version: ProtocolVersion, client: UInt64, loop: Int = 0) -> CancelKey {
        let byteCount = version >= .v3_2 ? CancelKey.longSecretByteCount : CancelKey.shortSecretByteCount
        while true {
            let key = CancelKey(
                random: random.bytes(4 + byteCount), peerID: peerID.load(ordering: .relaxed))
            let slot = slot(of: key)
            let isNew = entries.withLock { entries in
                guard entries[slot] == nil else { return false }
                entries[slot] = Entry(key: key, client: client, loop: loop)
                return true
            }
            if isNew { return key }
        }
    }

    /// Makes a key of another process's valid here. O(1).
    package func adopt(_ key: CancelKey, client: UInt64, loop: Int = 0) {
        let slot = slot(of: key)
        entries.withLock { $0[slot] = Entry(key: key, client: client, loop: loop) }
    }

    /// Makes a key worthless. O(1).
    package func remove(_ key: CancelKey) {
        let slot = slot(of: key)
        _ = entries.withLock { $0.removeValue(forKey: slot) }
    }

    /// What to do about a CancelRequest with these contents. O(1).
    package func resolve(processID: UInt32, secret: [UInt8]) -> Route {
        guard let request = CancelKey(processID: processID, secret: secret) else { return .unknown }
        if let entry = entry(of: request) { return .client(entry.client) }
        let peerID = peerID.load(ordering: .relaxed)
        guard peerID != 0, request.peerID != peerID else { return .unknown }
        guard request.hops > 0 else { return .hopsExhausted }
        let forwarded = request.withHops(request.hops - 1)
        return .peer(request.peerID, processID: forwarded.processID, secret: forwarded.secret)
    }

    /// The loop that the client is on whom a CancelRequest is about; nil if it is not ours. O(1).
    func loop(processID: UInt32, secret: [UInt8]) -> Int? {
        CancelKey(processID: processID, secret: secret).flatMap { entry(of: $0) }?.loop
    }

    private func entry(of request: CancelKey) -> Entry? {
        // Keys are kept as they were given, with all hops left.
        let key = request.withHops(Int(CancelKey.hopMask))
        let slot = slot(of: key)
        guard let entry = entries.withLock({ $0[slot] }), entry.key == key else { return nil }
        return entry
    }

    private func slot(of key: CancelKey) -> UInt64 {
        var bytes = [UInt8]()
        bytes.reserveCapacity(4 + CancelKey.longSecretByteCount)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: key.processID >> UInt32(shift))) }
        bytes += key.secret
        return bytes.withUnsafeBytes { hash.hash($0) }
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
