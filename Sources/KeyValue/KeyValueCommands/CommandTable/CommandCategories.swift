/// The categories by which ACL rules name many commands at once (`+@read`).
package struct CommandCategories: OptionSet, Sendable {
    /// One bit a member.
    package let rawValue: UInt32

    /// Categories from their bits.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Keys of any type, databases and their contents.
    package static let keyspace = CommandCategories(rawValue: 1 << 0)
    /// Reads keys.
    package static let read = CommandCategories(rawValue: 1 << 1)
    /// Changes keys.
    package static let write = CommandCategories(rawValue: 1 << 2)
    /// Sets.
    package static let set = CommandCategories(rawValue: 1 << 3)
    /// Sorted sets.
    package static let sortedSet = CommandCategories(rawValue: 1 << 4)
    /// Lists.
    package static let list = CommandCategories(rawValue: 1 << 5)
    /// Hashes.
    package static let hash = CommandCategories(rawValue: 1 << 6)
    /// Strings.
    package static let string = CommandCategories(rawValue: 1 << 7)
    /// Strings as bitmaps.
    package static let bitmap = CommandCategories(rawValue: 1 << 8)
    /// HyperLogLogs.
    package static let hyperLogLog = CommandCategories(rawValue: 1 << 9)
    /// Positions on earth.
    package static let geo = CommandCategories(rawValue: 1 << 10)
    /// Streams.
    package static let stream = CommandCategories(rawValue: 1 << 11)
    /// Channels.
    package static let pubSub = CommandCategories(rawValue: 1 << 12)
    /// For administrators.
    package static let admin = CommandCategories(rawValue: 1 << 13)
    /// Constant or logarithmic time.
    package static let fast = CommandCategories(rawValue: 1 << 14)
    /// All that is not `fast`.
    package static let slow = CommandCategories(rawValue: 1 << 15)
    /// May make the client wait.
    package static let blocking = CommandCategories(rawValue: 1 << 16)
    /// Can harm the server or its other users.
    package static let dangerous = CommandCategories(rawValue: 1 << 17)
    /// About the connection or other connections.
    package static let connection = CommandCategories(rawValue: 1 << 18)
    /// Transactions.
    package static let transaction = CommandCategories(rawValue: 1 << 19)
    /// Scripts and functions.
    package static let scripting = CommandCategories(rawValue: 1 << 20)

    /// All categories with their names, in the order in which ACL CAT and COMMAND INFO list them.
    package static let names: [(category: CommandCategories, name: StaticString)] = [
        (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.set, "set"), (.sortedSet, "sortedset"),
        (.list, "list"), (.hash, "hash"), (.string, "string"), (.bitmap, "bitmap"), (.hyperLogLog, "hyperloglog"),
        (.geo, "geo"), (.stream, "stream"), (.pubSub, "pubsub"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
        (.blocking, "blocking"), (.dangerous, "dangerous"), (.connection, "connection"),
        (.transaction, "transaction"), (.scripting, "scripting"),
    ]

    /// The category of a name without `@`, in any case; nil if there is none.
    package static func named(_ name: String) -> CommandCategories? {
        let lowercased = name.lowercased()
        return names.first { $0.name.description == lowercased }?.category
    }

    /// What a command's flags say about its categories, added to those that its row names.
    func adding(impliedBy flags: CommandFlags) -> CommandCategories {
        var all = self
        if flags.contains(.write) { all.insert(.write) }
        // Scripts of the read-only kind read what they like, but are no reading commands by themselves.
        if flags.contains(.readOnly), !contains(.scripting) { all.insert(.read) }
        if flags.contains(.admin) { all.formUnion([.admin, .dangerous]) }
        if flags.contains(.pubSub) { all.insert(.pubSub) }
        if flags.contains(.fast) { all.insert(.fast) }
        if flags.contains(.blocking) { all.insert(.blocking) }
        if !all.contains(.fast) { all.insert(.slow) }
        return all
    }
}
