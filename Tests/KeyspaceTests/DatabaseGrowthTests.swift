import Bytes
import Testing

@testable import Keyspace

@Suite("Growth of a database")
struct DatabaseGrowthTests {
    private func bytes<R>(_ text: String, _ body: (ByteSlice) -> R) -> R {
        var text = text
        return text.withUTF8 { body(ByteSlice($0)) }
    }

    /// Splits read the hash from tags of keys without an expiry, so the tags must follow every change.
    @Test("Keys are found after growth, whatever happened to their expiry", arguments: [1, 2, 3] as [UInt64])
    func expiries(seed: UInt64) {
        var random = FastRandom(seed: seed)
        var database = Database(
            hasher: KeyedHash(key0: seed, key1: 17), reclaimer: Reclaimer(usesThread: false))
        var expiries: [Int64?] = []
        for count in 0..<20_000 {
            let expiry: Int64? = random.below(3) == 0 ? 1_700_000_000_000 + Int64(random.below(1 << 30)) : nil
            bytes("key:\(count)") { key in
                let place = database.place(key)
                database.setString(place, key, clock: 0, expiry: expiry)
            }
            expiries.append(expiry)
            let changed = random.below(count + 1)
            let newExpiry: Int64? = random.below(2) == 0 ? 1_800_000_000_000 : nil
            bytes("key:\(changed)") { key in
                guard let entry = database.place(key).entry else { return }
                if random.below(2) == 0 {
                    database.setExpiry(entry, newExpiry)
                } else {
                    database.setString(database.place(key), key, clock: 0, expiry: newExpiry)
                }
            }
            expiries[changed] = newExpiry
        }
        var missing = 0
        for (index, expiry) in expiries.enumerated() {
            let found = bytes("key:\(index)") { database.place($0).entry }
            if found == nil || found?.expiry != expiry { missing += 1 }
        }
        #expect(missing == 0)
        #expect(database.volatileCount == expiries.count { $0 != nil })
        database.removeAll(inBackground: false)
    }
}
