// What eviction needs of a database: some keys by chance, and keys by their hashes.

extension Database {
    /// Calls with up to that many keys, neighbours from a bucket chosen by chance on: as good as independent ones, since
    /// buckets are chosen by hash.
    ///
    /// - Parameters:
    ///   - volatileOnly: only keys with an expiry, which may be few among many.
    ///   - bucketsMax: buckets that are looked at.
    package mutating func sample(
        _ wanted: Int, volatileOnly: Bool, bucketsMax: Int, random: inout FastRandom, _ body: (Entry) -> Void
    ) {
        let bucketCount = table.bucketCount
        guard bucketCount > 0, !volatileOnly || volatileCount > 0 else { return }
        // Where such keys are rare the walk goes on where the last one stopped, so that it comes to all of them.
        let isRare = volatileOnly && volatileCount &* 16 < bucketCount
        var bucket = isRare ? sampleBucket % bucketCount : random.below(bucketCount)
        var met = 0
        var looked = 0
        while met < wanted, looked < min(bucketCount, bucketsMax) {
            table.forEach(inBucket: bucket) { slot in
                guard !volatileOnly || ExpiryTag.isVolatile(slot.tag) else { return }
                body(Entry(slot))
                met += 1
            }
            bucket = bucket + 1 == bucketCount ? 0 : bucket + 1
            looked += 1
        }
        if isRare { sampleBucket = bucket }
    }

    /// The key with that hash, or nil.
    package func entry(hash: UInt64) -> Entry? {
        guard table.bucketCount > 0 else { return nil }
        return table.firstSlot(inBucket: table.bucketIndex(ofCursor: hash)) { table.hash($0.record.key) == hash }
            .map(Entry.init)
    }
}
