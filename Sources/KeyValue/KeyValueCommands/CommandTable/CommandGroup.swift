/// The chapter of the manual that a command belongs to, by the name that COMMAND DOCS gives it.
package enum CommandGroup: String, Sendable, CaseIterable {
    case generic, string, list, set
    case sortedSet = "sorted-set"
    case hash
    case pubSub = "pubsub"
    case transactions, connection, server, scripting
    case hyperLogLog = "hyperloglog"
    case cluster, geo, stream, bitmap
}
