/// What the call of a function does to the session, by the function's name.
enum FunctionCall {
    /// Effects of `name(…)`; the name is not qualified, or by `pg_catalog`.
    static func effects(of name: UnsafePointer<UInt8>, _ count: Int) -> StatementEffects {
        switch ByteClass.lowered(name[0]) {
        case UInt8(ascii: "c") where named(name, count, "currval"): .sequenceRead
        case UInt8(ascii: "l") where named(name, count, "lastval"): .sequenceRead
        case UInt8(ascii: "n") where named(name, count, "nextval"): .sequenceChange
        case UInt8(ascii: "s") where named(name, count, "setval"): .sequenceChange
        case UInt8(ascii: "s") where named(name, count, "set_config"): .setConfig
        case UInt8(ascii: "p") where named(name, count, "pg_notify"): .notify
        case UInt8(ascii: "p") where begins(name, count, "pg_advisory_unlock"): .advisoryUnlock
        case UInt8(ascii: "p") where isSessionLock(name, count): .advisoryLock
        default: KnownWords.shared.contains(name, count) ? [] : .opaque
        }
    }

    private static func isSessionLock(_ name: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        named(name, count, "pg_advisory_lock") || named(name, count, "pg_advisory_lock_shared")
            || named(name, count, "pg_try_advisory_lock") || named(name, count, "pg_try_advisory_lock_shared")
    }

    private static func named(_ name: UnsafePointer<UInt8>, _ count: Int, _ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && begins(name, count, literal)
    }

    private static func begins(_ name: UnsafePointer<UInt8>, _ count: Int, _ literal: StaticString) -> Bool {
        guard count >= literal.utf8CodeUnitCount else { return false }
        for index in 0..<literal.utf8CodeUnitCount where ByteClass.lowered(name[index]) != literal.utf8Start[index] {
            return false
        }
        return true
    }
}
