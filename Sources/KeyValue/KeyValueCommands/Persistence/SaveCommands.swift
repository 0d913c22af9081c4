import Bytes
import Glibc
import KeyValuePersistence
import RESP

/// SAVE, BGSAVE, LASTSAVE, SHUTDOWN.
enum SaveCommands {
    static func save(_ call: inout Call) {
        guard call.engine.pointee.persistence.running?.purpose != .save else {
            return call.error("ERR Background save already in progress")
        }
        if call.engine.saveNow() { call.reply.ok() } else { call.error("ERR") }
    }

    static func backgroundSave(_ call: inout Call) {
        var isScheduled = false
        if call.count > 1 {
            if call.count == 2, call.matches(1, "cancel") { return cancel(call) }
            guard call.count == 2, call.matches(1, "schedule") else { return call.syntaxError() }
            isScheduled = true
        }
        let persistence = call.engine.pointee.persistence
        let isInTransaction = call.client.pointee.flags.contains(.executingTransaction)
        switch persistence.running?.purpose {
        case .save: return call.error("ERR Background save already in progress")
        case .rewrite where !isScheduled && !isInTransaction:
            return call.error(
                "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to "
                    + "schedule a BGSAVE whenever possible.")
        case nil where !isInTransaction:
            guard call.engine.startBackgroundSave() else { return call.error("ERR") }
            call.reply.simple("Background saving started")
        default:
            persistence.isSaveScheduled = true
            call.reply.simple("Background saving scheduled")
        }
    }

    private static func cancel(_ call: Call) {
        let persistence = call.engine.pointee.persistence
        if persistence.running?.purpose == .save {
            call.engine.abandonSnapshot()
            call.engine.log(.notice, "Background saving cancelled")
            return call.reply.simple("Background saving cancelled")
        }
        guard persistence.isSaveScheduled else {
            return call.error("ERR Background saving is currently not in progress or scheduled")
        }
        persistence.isSaveScheduled = false
        call.reply.simple("Scheduled background saving cancelled")
    }

    static func lastSave(_ call: inout Call) { call.reply.integer(Int(call.engine.pointee.persistence.lastSave)) }

    static func shutdown(_ call: inout Call) {
        var options = ShutdownOptions()
        var (saves, savesNot, aborts) = (false, false, false)
        for index in 1..<call.count {
            if call.matches(index, "nosave") {
                savesNot = true
            } else if call.matches(index, "save") {
                saves = true
            } else if call.matches(index, "abort") {
                aborts = true
            } else if call.matches(index, "force") {
                options.isForced = true
            } else if !call.matches(index, "now") {
                return call.syntaxError()
            }
        }
        guard !(aborts && call.count > 2), !(saves && savesNot) else { return call.syntaxError() }
        if saves { options.saves = .always } else if savesNot { options.saves = .never }
        if aborts {
            // Without replicas nothing is waited for: only what a signal asked for a moment ago can be aborted.
            guard call.engine.pointee.host?.abortShutdown() == true else {
                return call.error("ERR No shutdown in progress.")
            }
            return call.reply.ok()
        }
        guard call.engine.pointee.host != nil else { return call.error("ERR There is no process to end") }
        guard call.engine.shutDown(options) else { return call.error("ERR Errors trying to SHUTDOWN. Check logs.") }
        // The client sees its connection end, and no reply.
        call.engine.close(call.client, afterReply: false)
    }
}

/// How the server is to end.
package struct ShutdownOptions: Sendable {
    /// Whether a snapshot is saved first.
    package enum Saving: Sendable { case always, never, ifConfigured }
    package var saves = Saving.ifConfigured
    /// Ends even if saving fails.
    package var isForced = false

    /// As SHUTDOWN without arguments.
    package init() {}

    /// From shutdown-on-sigint or shutdown-on-sigterm. `now` changes nothing: without replicas nobody is waited for.
    package init(words: [String]) {
        if words.contains("save") { saves = .always }
        if words.contains("nosave") { saves = .never }
        isForced = words.contains("force")
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Saves if that is asked for, and has the process end after this turn.
    /// - Returns: false, with the reason in the log, if saving failed and the process goes on.
    package func shutDown(_ options: ShutdownOptions) -> Bool {
        log(.notice, "User requested shutdown...")
        if pointee.appendOnly?.isProvisional == true {
            // The data is in no file yet.
            guard options.isForced else {
                log(.warning, "Writing initial AOF, can't exit.")
                return false
            }
            log(.warning, "Writing initial AOF. Exit anyway.")
        }
        if abandonSnapshot() == .save { log(.warning, "There is a child saving an .rdb. Killing it!") }
        let saves =
            options.saves == .always || options.saves == .ifConfigured && !pointee.configuration["save"].isEmpty
        // Half of the data must not take the place of the whole.
        if saves, pointee.persistence.directory != nil, !pointee.isLoading {
            log(.notice, "Saving the final RDB snapshot before exiting.")
            if !saveNow() {
                if !options.isForced {
                    log(.warning, "Error trying to save the DB, can't exit.")
                    return false
                }
                log(.warning, "Error trying to save the DB, but exiting anyway.")
            }
        }
        pointee.host?.shutDown()
        return true
    }
}
