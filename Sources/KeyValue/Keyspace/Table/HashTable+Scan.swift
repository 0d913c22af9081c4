extension HashTable {
    /// Steps of SCAN until at least `effort` entries were met, or ten times as many buckets were looked at.
    /// - Returns: the next cursor, 0 at the end.
    package func scan(_ cursor: UInt64, effort: Int, _ body: (Record) -> Void) -> UInt64 {
        var cursor = cursor
        var met = 0
        var steps = effort > Int.max / 10 ? Int.max : effort * 10
        repeat {
            cursor = scan(cursor) { slot in
                met += 1
                body(slot.record)
            }
            steps -= 1
        } while cursor != 0 && steps > 0 && met < effort
        return cursor
    }
}
