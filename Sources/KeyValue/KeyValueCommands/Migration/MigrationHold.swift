// Writers of a key that is being migrated wait, as CLIENT PAUSE makes clients wait: the request stays unread and comes
// again when the key is released. Readers are not asked.

import Bytes
import Keyspace
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// Has the writers of a key wait from now on.
    func hold(_ index: Int, of task: MigrationTask) {
        guard task.held.insert(index).inserted else { return }
        migrations.heldKeys.insert(name(index, of: task))
        pointee.pause.heldKeyCount = migrations.heldKeys.count
    }

    /// Lets the writers of keys go on.
    func release(_ indices: [Int], of task: MigrationTask) {
        let migrations = migrations
        var hasReleased = false
        for index in indices where task.held.remove(index) != nil {
            migrations.heldKeys.remove(name(index, of: task))
            hasReleased = true
        }
        guard hasReleased else { return }
        pointee.pause.heldKeyCount = migrations.heldKeys.count
        for client in pointee.pause.takeWriters() {
            client.pointee.flags.remove(.paused)
            resumeLater(client)
        }
    }

    private func name(_ index: Int, of task: MigrationTask) -> DatabaseKey {
        task.keys[index].withUnsafeBytes { DatabaseKey(task.databaseIndex, $0) }
    }

    /// Serves clients that wait for keys and were passed over because of a key that was held.
    func serveSkipped() {
        guard migrations.hasSkippedRetry, migrations.heldKeys.isEmpty else { return }
        migrations.hasSkippedRetry = false
        for index in 0..<pointee.databaseCount { allKeysReady(databaseIndex: index) }
        serveReadyKeys()
    }

    /// Whether the client has to wait with this request for keys under way.
    @inline(never)
    func holdBackForKeys(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments
    ) -> Bool {
        guard !client.pointee.flags.contains(.internalClient) else { return false }
        guard writesHeldKey(client, command, arguments) else { return false }
        if let task = migrations.tasks.first(where: { isPeer(client, of: $0) }) {
            // It is this server's own request: it would wait for itself.
            close(client, afterReply: false)
            failAgainstItself(task)
            return true
        }
        client.pointee.flags.insert(.paused)
        pointee.pause.addWriter(client)
        return true
    }

    private func isPeer(_ client: ClientReference, of task: MigrationTask) -> Bool {
        guard let address = task.link?.localAddress, !address.isEmpty else { return false }
        return address == client.pointee.details.peerAddress
    }

    private func writesHeldKey(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments
    ) -> Bool {
        let index = client.pointee.databaseIndex
        if command.pointee.row.name == "exec" {
            return client.pointee.details.transaction?.requests.contains {
                writesHeldKey($0.command, $0.request.arguments, databaseIndex: index)
            } ?? false
        }
        if client.pointee.flags.contains(.inTransaction) { return false }
        return writesHeldKey(command, arguments, databaseIndex: index)
    }

    /// Whether the request may change a key that is under way.
    func writesHeldKey(
        _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments, databaseIndex: Int
    ) -> Bool {
        guard command.pointee.flags.contains(.write) else { return false }
        let held = migrations.heldKeys
        let name = command.pointee.row.name
        // They write to databases that are not selected.
        let isEverywhere = name == "copy" || name == "move"
        var isHeld = false
        let count = CommandKeys.forEach(of: command.pointee.row, in: arguments) { position, flags in
            if isHeld || flags.contains(.readOnly) || position >= arguments.count { return }
            let key = arguments[position]
            isHeld =
                isEverywhere
                ? (0..<pointee.databaseCount).contains { held.contains(DatabaseKey($0, key)) }
                : held.contains(DatabaseKey(databaseIndex, key))
            if !isHeld, name == "migrate", MigrateCommand.isPattern(key) {
                isHeld = held.contains { $0.databaseIndex == databaseIndex }
            }
        }
        // FLUSHALL and their kin name no key.
        return isHeld || count == 0 && !held.isEmpty
    }
}
