import Bytes
import CIOLoop
import Glibc
package import KeyValuePersistence
import Keyspace
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    // MARK: - Serving meanwhile

    /// Has clients be served while data is loaded: what needs the data is refused.
    /// - Parameter serve: called now and then; false ends the loading.
    package func beginLoading(serve: @escaping () -> Bool) {
        pointee.persistence.loading = .init(startedAt: pointee.now, serve: serve)
        setLoading(true)
        updateWriteRefusal()
    }

    /// All is loaded, or cannot be.
    package func endLoading() {
        pointee.persistence.loading = nil
        setLoading(false)
        updateWriteRefusal()
    }

    /// Tells how far the loading of a file is, and serves who has come meanwhile. Between two requests or keys only.
    /// - Returns: false when loading is to end.
    func noteLoaded(_ loadedByteCount: Int, of byteCount: Int) -> Bool {
        guard pointee.persistence.loading != nil else { return true }
        pointee.persistence.loading?.loadedByteCount = loadedByteCount
        pointee.persistence.loading?.byteCount = byteCount
        return pointee.persistence.loading?.serve() ?? true
    }

    // MARK: - RDB

    /// How this engine loads RDB files.
    func loadOptions() -> RDBLoadOptions {
        var options = RDBLoadOptions(
            limits: pointee.settings.encoding, hasher: pointee.hasher, now: pointee.now, clock: freshClock)
        options.usesFrequency = pointee.settings.maxMemoryPolicy.usesFrequency
        options.findsDuplicates = pointee.configuration["sanitize-dump-payload"] == "yes"
        options.verifiesChecksum = pointee.configuration.flag("rdbchecksum")
        options.progressByteCount = pointee.configuration.integer("loading-process-events-interval-bytes")
        options.keyDelayMicroseconds = max(pointee.configuration.integer("key-load-delay"), 0)
        return options
    }

    /// Loads the snapshot's file, if there is one, into databases that may have keys already.
    /// - Throws: what is wrong with the file; what was loaded before stays.
    package func loadSnapshot(replacesExisting: Bool = false) throws(SnapshotFailure) {
        guard let path = snapshotPath else { return }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw SnapshotFailure("Can't open the RDB file \(path): \(String(cString: strerror(errno)))")
        }
        defer { Glibc.close(descriptor) }
        let began = atoll_wall_microseconds()
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SnapshotFailure("Can't look at the RDB file \(path): \(String(cString: strerror(errno)))")
        }
        let byteCount = Int(status.st_size)
        var options = loadOptions()
        options.replacesExisting = replacesExisting
        var loader = RDBLoader(
            descriptor: descriptor, byteCount: byteCount, options: options, into: pointee.databases,
            count: pointee.databaseCount)
        _ = noteLoaded(0, of: byteCount)
        do throws(RDBFailure) {
            try loader.load { noteLoaded($0, of: byteCount) }
        } catch {
            throw SnapshotFailure("\(path): \(error.message)")
        }
        noteLoaded(loader.result)
        let seconds = Double(atoll_wall_microseconds() - began) / 1e6
        log(.notice, "DB loaded from disk: \(InformationCommands.three(seconds)) seconds")
    }

    /// What a client is told whose request needs the data.
    static var loadingRefusal: String { "LOADING Redis is loading the dataset in memory" }

    private func noteLoaded(_ result: RDBLoadResult) {
        let persistence = pointee.persistence
        persistence.functions = result.functions
        persistence.loadedKeyCount = result.keyCount
        persistence.loadedExpiredKeyCount = result.expiredKeyCount
        if !result.functions.isEmpty {
            log(.warning, "Functions are not built yet: the file's are kept, and written back with the next save.")
        }
        for key in result.emptyKeys {
            log(.notice, "Loading RDB: skipping empty key: \(key.withUnsafeBytes { $0.printed })")
        }
        let empty = result.emptyKeyCount > 0 ? ", empty keys skipped: \(result.emptyKeyCount)" : ""
        log(
            .notice,
            "Done loading RDB, keys loaded: \(result.keyCount), keys expired: \(result.expiredKeyCount)\(empty).")
    }

    // MARK: - DEBUG RELOAD

    /// Saves, forgets and loads everything again, as the options say: tests ask for it.
    func debugReload(_ call: Call) {
        guard pointee.persistence.loading == nil else { return call.error(Self.loadingRefusal) }
        var (saves, flushes, merges) = (true, true, false)
        for index in 2..<call.count {
            switch call[index].text.lowercased() {
            case "nosave": saves = false
            case "noflush": flushes = false
            case "merge": merges = true
            default:
                return call.error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
            }
        }
        if saves, !saveNow() { return call.error("ERR Error trying to save the DB, check server logs") }
        if flushes {
            abandonSnapshot()
            for index in 0..<pointee.databaseCount { _ = flush(databaseIndex: index, inBackground: true) }
        }
        do throws(SnapshotFailure) {
            try loadSnapshot(replacesExisting: merges)
        } catch {
            log(.warning, error.reason)
            return call.error("ERR Error trying to load the RDB dump, check server logs")
        }
        log(.warning, "DB reloaded by DEBUG RELOAD")
        call.reply.ok()
    }
}
