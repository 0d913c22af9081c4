package import Bytes
package import RESP

/// A client, by its address: valid until the shell frees it, which it does between turns only.
package typealias ClientReference = UnsafeMutablePointer<Client>

/// What a client is doing. Most commands look at none of these.
package struct ClientFlags: OptionSet, Sendable {
    /// One bit a member.
    package let rawValue: UInt32
    /// Flags from their bits.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Waits for a key, or a time: no requests are executed. Cleared by `unblock`.
    package static let blocked = ClientFlags(rawValue: 1 << 0)
    /// Between MULTI and EXEC: requests are queued.
    package static let inTransaction = ClientFlags(rawValue: 1 << 1)
    /// A request of the transaction was refused: EXEC fails.
    package static let transactionFailed = ClientFlags(rawValue: 1 << 2)
    /// A watched key has changed: EXEC does nothing.
    package static let watchedKeyChanged = ClientFlags(rawValue: 1 << 3)
    /// Has subscriptions, so with RESP2 only some commands are allowed.
    package static let subscribed = ClientFlags(rawValue: 1 << 4)
    /// Is shown all commands.
    package static let monitor = ClientFlags(rawValue: 1 << 5)
    /// No more requests; close when the output is sent.
    package static let closeAfterReply = ClientFlags(rawValue: 1 << 6)
    /// No more requests, no more output; close as soon as possible.
    package static let closeNow = ClientFlags(rawValue: 1 << 7)
    /// CLIENT REPLY OFF.
    package static let repliesOff = ClientFlags(rawValue: 1 << 8)
    /// CLIENT REPLY SKIP: the next command gets no reply.
    package static let skipNextReply = ClientFlags(rawValue: 1 << 9)
    /// The command being executed gets no reply.
    package static let skipReply = ClientFlags(rawValue: 1 << 10)
    /// CLIENT NO-EVICT on.
    package static let noEvict = ClientFlags(rawValue: 1 << 11)
    /// CLIENT NO-TOUCH on.
    package static let noTouch = ClientFlags(rawValue: 1 << 12)
    /// CLIENT TRACKING on.
    package static let tracking = ClientFlags(rawValue: 1 << 13)
    /// Has given the password, or none is needed.
    package static let authenticated = ClientFlags(rawValue: 1 << 14)
    /// Stands in the list of clients whose output the shell must send.
    package static let outputPending = ClientFlags(rawValue: 1 << 15)
    /// Stands in the list of clients whose buffered requests are to be executed.
    package static let resumePending = ClientFlags(rawValue: 1 << 16)
    /// Waits for CLIENT PAUSE to end with a request that has not been executed.
    package static let paused = ClientFlags(rawValue: 1 << 17)
    /// Has no connection: runs scripts, loads files.
    package static let internalClient = ClientFlags(rawValue: 1 << 18)
    /// Came over a Unix socket.
    package static let unixSocket = ClientFlags(rawValue: 1 << 19)
    /// Its last request was malformed.
    package static let protocolError = ClientFlags(rawValue: 1 << 20)
    /// Is executing a command right now.
    package static let executing = ClientFlags(rawValue: 1 << 21)
    /// Inside EXEC.
    package static let executingTransaction = ClientFlags(rawValue: 1 << 22)

    /// What was pushed to it while it executed a command waits for the end of that.
    package static let hasDeferredPushes = ClientFlags(rawValue: 1 << 24)
    /// Has written push messages in place of a reply (SUBSCRIBE): CLIENT REPLY does not hold those back.
    package static let pushed = ClientFlags(rawValue: 1 << 23)

    // Combinations by name: a literal where it is used would be an array in debug builds.

    /// With any of these the next reply does not go out.
    static let withholdsReply: ClientFlags = [.repliesOff, .skipNextReply]
    /// Any of these ends the processing of requests for now.
    static let stopsRequests: ClientFlags = [.blocked, .closeAfterReply, .closeNow, .paused]
}

/// One connection to the engine: bytes in, replies out; it has no socket. One owner, at a fixed address.
package struct Client: ~Copyable {
    /// Unique in the life of the process, from 1.
    package let id: UInt64
    /// What it is doing.
    package var flags: ClientFlags = []
    /// The selected database.
    package var databaseIndex = 0
    /// RESP 2 or 3.
    package var protocolVersion: UInt8 = 2
    /// Where replies go: the shell's buffer.
    package internal(set) var output: UnsafeMutablePointer<OutputBuffer>
    /// The shell's own, for replies that wait for the disk.
    package var heldOutput: UnsafeMutableRawPointer?
    /// Bytes of requests that are not complete, or not executed yet.
    package var query = OutputBuffer()
    package var parser = RequestParser()
    /// The shell's own, for instance a connection of the loop.
    package var connection: UnsafeMutableRawPointer?
    /// Milliseconds since 1970.
    package let createdAt: Int64
    /// Milliseconds since 1970 of the last bytes received.
    package var lastInteraction: Int64
    /// The last command, for CLIENT LIST.
    package var lastCommand: UnsafeMutablePointer<Command>?
    /// All that is seldom needed.
    package let details = ClientDetails()
    /// Position in the engine's list of clients.
    var listIndex = 0
    /// Milliseconds since 1970 since when the output has been over its soft limit; 0 if it is not.
    package var softLimitSince: Int64 = 0
    /// The position of the journal behind its last write, for WAITAOF.
    package internal(set) var writtenPosition: Int64 = 0
    /// The position of the journal that its output waits for (`Durability`).
    var awaitedPosition: Int64 = 0
    /// The most output that it had waiting lately, in bytes.
    var outputPeak = 0
    /// Its share of the engine's `clientMemoryByteCount`.
    var countedByteCount = 0

    init(id: UInt64, output: UnsafeMutablePointer<OutputBuffer>, now: Int64) {
        self.id = id
        self.output = output
        createdAt = now
        lastInteraction = now
    }
}

/// What of a client is seldom needed: names, subscriptions, transactions, blocking. Owned by its client.
package final class ClientDetails {
    /// CLIENT SETNAME.
    package var name = ""
    /// CLIENT SETINFO.
    package var libraryName = ""
    package var libraryVersion = ""
    /// ip:port of the peer, or the path of the Unix socket.
    package var peerAddress = ""
    /// ip:port of this end.
    package var localAddress = ""
    package var descriptor: Int32 = -1
    /// The user it authenticated as.
    package var user = "default"
    var transaction: Transaction?
    /// Keys under WATCH.
    var watched: [WatchedKey] = []
    /// What it waits for while it is blocked.
    package var blocked: BlockedState?
    /// The migration that it waits for.
    var migration: MigrationTask?
    package var subscriptions = Subscriptions()
    /// Messages that come behind the reply of the command being executed.
    let deferredPushes = DeferredPushes()
    /// The last message about the output limit or kill, for the log.
    package var closeReason = ""
}

/// Output that waits, at a fixed address. Memory is taken when it is first written to.
final class DeferredPushes {
    let buffer = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)

    init() {
        buffer.initialize(to: OutputBuffer())
    }

    deinit {
        buffer.deinitialize(count: 1)
        buffer.deallocate()
    }
}
