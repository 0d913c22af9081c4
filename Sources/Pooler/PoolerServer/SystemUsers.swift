import Glibc

/// Users of the system, looked up from any thread.
enum SystemUsers {
    /// Room for what is known of a user, in bytes.
    private static let entryByteCountMax = 16 << 10

    /// The name of a user; nil for none.
    static func name(_ number: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: entryByteCountMax) { buffer in
            guard let room = buffer.baseAddress, getpwuid_r(number, &entry, room, buffer.count, &found) == 0,
                found != nil
            else { return nil }
            return entry.pw_name.map { String(cString: $0) }
        }
    }
}
