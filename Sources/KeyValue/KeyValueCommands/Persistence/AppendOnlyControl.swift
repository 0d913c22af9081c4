// What commands and the append-only file's keeper want of each other.

import Bytes
package import KeyValuePersistence
import Keyspace
import RESP

/// The keeper of the append-only file: the program around the engine. Called on the loop's thread.
package protocol AppendOnlyControl: AnyObject {
    /// Whether there is a file, or one in the making.
    var isOpen: Bool { get }
    /// Whether the file waits for its first base: it was switched on while the server ran.
    var isProvisional: Bool { get }
    /// Whether the last write failed.
    var isFailing: Bool { get }
    /// Lines of INFO that there are only with a file.
    var information: [(name: String, value: String)] { get }
    /// Makes everything durable while everybody waits.
    func flush()
    /// What is logged from now on goes to a new increment. The engine is told if that fails (`incrementFailed`).
    /// - Returns: false if the last one could not be made yet.
    func beginIncrement() -> Bool
    /// A file becomes the base; the increments before the current one are not needed any more.
    func replaceBase(temporaryPath: String, isRDB: Bool)
    /// DEBUG LOADAOF: empties the databases and loads what the file says.
    func reload() throws(AppendOnlyFailure)
    /// DEBUG AOF-FLUSH-SLEEP.
    func setFlushSleep(microseconds: UInt32)
}

/// WAITAOF: a client that waits for its writes to be durable.
struct DurabilityWaiter {
    let clientID: UInt64
    let position: Int64
    let needsLocal: Bool
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Whether there is log for the shell to take.
    package var hasLog: Bool { pointee.journal.hasLog }

    /// The file is durable up to a position of the log: clients that wait for that go on.
    package func journalSettled(at position: Int64) {
        guard position > pointee.journal.durability.durablePosition else { return }
        pointee.journal.durability.settle(position)
        guard !pointee.journal.durability.waiters.isEmpty else { return }
        let waiters = pointee.journal.durability.waiters
        pointee.journal.durability.waiters = waiters.filter { $0.position > position }
        for waiter in waiters where waiter.position <= position {
            guard let client = pointee.clientsByID[waiter.clientID], client.pointee.details.blocked != nil else {
                continue
            }
            endWaiting(client)
        }
    }

    /// There is no file any more: nobody can be told that writes are in it.
    package func journalEnded() {
        let waiters = pointee.journal.durability.waiters
        pointee.journal.durability.waiters = []
        for waiter in waiters where waiter.needsLocal {
            guard let client = pointee.clientsByID[waiter.clientID], client.pointee.details.blocked != nil else {
                continue
            }
            endWaiting(client, error: WaitingCommands.noFileError)
        }
    }

    /// The file could not be written, or can be again.
    package func setJournalFailure(_ text: String?) {
        pointee.persistence.journalFailure = text
        updateWriteRefusal()
    }

    /// What a client that asks is told: whether its writes are durable here, and on how many replicas.
    func acknowledgements(of position: Int64) -> (local: Int, replicas: Int) {
        (pointee.configuration.flag("appendonly") && pointee.journal.durability.durablePosition >= position ? 1 : 0, 0)
    }
}
