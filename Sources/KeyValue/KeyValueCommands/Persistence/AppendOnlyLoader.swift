// Loading an append-only file: its requests are executed by a client that nobody sees, without the checks that a
// client's requests meet. No key falls due meanwhile: the file says by itself when each went.

import Bytes
import CIOLoop
import Glibc
package import KeyValuePersistence
import Keyspace
import RESP

/// Loads the files of an append-only file into an engine.
package struct AppendOnlyLoader {
    let engine: EngineReference
    let directory: AppendOnlyDirectory
    /// `aof-load-truncated`: what is behind the last whole request or transaction of the last file is cut off.
    let repairsTruncated: Bool
    let log: (LogLevel, String) -> Void

    package init(
        engine: EngineReference, directory: AppendOnlyDirectory, repairsTruncated: Bool,
        log: @escaping (LogLevel, String) -> Void
    ) {
        self.engine = engine
        self.directory = directory
        self.repairsTruncated = repairsTruncated
        self.log = log
    }

    /// Loads all files that a manifest names.
    /// - Returns: bytes of the files, after repair.
    package func load(_ manifest: AppendOnlyManifest) throws(AppendOnlyFailure) -> Int64 {
        let files = manifest.loaded
        // All must be there before the first is loaded.
        for file in files { _ = try directory.byteCount(of: file) }
        var total: Int64 = 0
        for (index, file) in files.enumerated() {
            let isBase = index == 0 && manifest.base != nil
            let began = atollMilliseconds()
            try load(file, isLast: index == files.count - 1)
            total += try directory.byteCount(of: file)
            let seconds = Double(atollMilliseconds() - began) / 1000
            log(.notice, "DB loaded from \(isBase ? "base" : "incr") file \(file.name): \(seconds) seconds")
        }
        return total
    }

    private func atollMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    private func load(_ file: AppendOnlyManifest.File, isLast: Bool) throws(AppendOnlyFailure) {
        let descriptor = open(directory.path(of: file.name), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw AppendOnlyFailure(
                "Fatal error: can't open the append log file \(file.name) for reading: \(Self.errorText)")
        }
        defer { close(descriptor) }
        let session = LoadingSession(engine)
        defer { session.end() }
        let offset = try loadSnapshot(descriptor, file)
        switch session.execute(descriptor, from: offset) {
        case .complete: return
        case .failed(let reason): throw AppendOnlyFailure("\(reason) reading the append only file \(file.name)")
        case .malformed:
            throw AppendOnlyFailure(
                "Bad file format reading the append only file \(file.name): make a backup of your AOF file, then use "
                    + "./redis-check-aof --fix <filename.manifest>")
        case .unreadable(let code):
            throw AppendOnlyFailure(
                "Unrecoverable error reading the append only file \(file.name): \(String(cString: strerror(code)))")
        case .truncated(let validByteCount, let isInTransaction):
            if isInTransaction {
                log(.warning, "Revert incomplete MULTI/EXEC transaction in AOF file \(file.name)")
            }
            try repair(file, validByteCount, isLast: isLast)
        }
    }

    private static var errorText: String { String(cString: strerror(errno)) }

    /// Loads the snapshot that the file begins with, if it does.
    /// - Returns: where the requests begin.
    private func loadSnapshot(
        _ descriptor: Int32, _ file: AppendOnlyManifest.File
    ) throws(AppendOnlyFailure) -> Int64 {
        var magic = [UInt8](repeating: 0, count: 5)
        let count = magic.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == 5, magic == Array("REDIS".utf8) else { return 0 }
        let isOldFile = file.name == directory.fileName
        log(.notice, isOldFile ? "Reading RDB preamble from AOF file..." : "Reading RDB base file on AOF loading...")
        let byteCount = Int(try directory.byteCount(of: file))
        var loader = RDBLoader(
            descriptor: descriptor, byteCount: byteCount, options: snapshotOptions,
            into: engine.pointee.databases, count: engine.pointee.databaseCount)
        do throws(RDBFailure) {
            try loader.load { engine.noteLoaded($0, of: byteCount) }
        } catch {
            throw AppendOnlyFailure(
                "Error reading the RDB \(isOldFile ? "preamble of the AOF" : "base") file \(file.name), AOF loading "
                    + "aborted: \(error.message)")
        }
        if isOldFile { log(.notice, "Reading the remaining AOF tail...") }
        engine.pointee.persistence.functions = loader.result.functions
        return Int64(loader.result.byteCount)
    }

    private var snapshotOptions: RDBLoadOptions {
        var options = engine.loadOptions()
        // What follows may be about them.
        options.dropsExpired = false
        return options
    }

    /// Cuts the file off behind what is whole, if that is wanted.
    private func repair(
        _ file: AppendOnlyManifest.File, _ validByteCount: Int64, isLast: Bool
    ) throws(AppendOnlyFailure) {
        guard repairsTruncated else {
            throw AppendOnlyFailure(
                "Unexpected end of file reading the append only file \(file.name). You can: 1) Make a backup of your "
                    + "AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set "
                    + "the 'aof-load-truncated' configuration option to yes and restart the server.")
        }
        guard isLast else { throw AppendOnlyFailure("Fatal error: the truncated file is not the last file") }
        log(.warning, "!!! Warning: short read while loading the AOF file \(file.name)!!!")
        log(.warning, "!!! Truncating the AOF \(file.name) at offset \(validByteCount) !!!")
        guard truncate(directory.path(of: file.name), Int(validByteCount)) == 0 else {
            throw AppendOnlyFailure("Error truncating the AOF file \(file.name): \(Self.errorText)")
        }
        log(.warning, "AOF \(file.name) loaded anyway because aof-load-truncated is enabled")
    }
}

/// A client of the engine that executes what a file says.
private struct LoadingSession {
    enum Outcome {
        case complete
        case truncated(validByteCount: Int64, isInTransaction: Bool)
        case malformed
        case unreadable(Int32)
        case failed(String)
    }

    private let engine: EngineReference
    private let client: ClientReference
    private let output: UnsafeMutablePointer<OutputBuffer>
    private let statistics: Statistics
    private let dirty: Int
    private let wasJournalled: Bool

    init(_ engine: EngineReference) {
        self.engine = engine
        statistics = engine.pointee.statistics
        dirty = engine.pointee.dirty
        output = .allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
        client = engine.makeClient(output: output)
        client.pointee.flags.formUnion([.authenticated, .internalClient])
        wasJournalled = engine.pointee.journal.suspend()
        engine.setLoading(true)
    }

    func end() {
        engine.setLoading(false)
        engine.pointee.journal.resume(wasJournalled)
        engine.freeClient(client)
        output.deinitialize(count: 1)
        output.deallocate()
        engine.pointee.statistics = statistics
        engine.pointee.dirty = dirty
        engine.noteMemoryPeak()
    }

    /// Executes all requests of the file from an offset on.
    func execute(_ descriptor: Int32, from offset: Int64) -> Outcome {
        lseek(descriptor, Int(offset), SEEK_SET)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .unreadable(errno) }
        let byteCount = Int(status.st_size)
        var reader = AppendOnlyReader(descriptor: descriptor, offset: offset, byteCount: Int64(byteCount))
        let delay = max(engine.pointee.configuration.integer("key-load-delay"), 0)
        var transactionOffset = offset
        while true {
            let (count, offsets, event) = readBatch(&reader)
            for index in 0..<count {
                let request = engine.pointee.batch.requests + index
                let isInside = client.pointee.flags.contains(.inTransaction)
                if let reason = execute(request.pointee.arguments.arguments, request.pointee.command) {
                    return .failed(reason)
                }
                if delay > 0 { usleep(UInt32(clamping: delay)) }
                if !isInside, client.pointee.flags.contains(.inTransaction) { transactionOffset = offsets[index] }
            }
            let isInTransaction = client.pointee.flags.contains(.inTransaction)
            switch event {
            case .request, .annotation: continue
            case .needsBytes:
                guard engine.noteLoaded(Int(reader.offset), of: byteCount) else { return .failed("Loading was ended") }
                if case .failed(let code)? = reader.read() { return .unreadable(code) }
            case .end where !isInTransaction: return .complete
            case .end, .truncated:
                return .truncated(
                    validByteCount: isInTransaction ? transactionOffset : reader.offset,
                    isInTransaction: isInTransaction)
            case .malformed: return .malformed
            case .failed(let code): return .unreadable(code)
            }
        }
    }

    /// Reads as many requests as the engine looks ahead.
    /// - Returns: how many, where each begins, and what came behind them.
    private func readBatch(
        _ reader: inout AppendOnlyReader
    ) -> (count: Int, offsets: InlineArray<16, Int64>, event: AppendOnlyReader.Event) {
        var offsets = InlineArray<16, Int64>(repeating: 0)
        var count = 0
        var event = AppendOnlyReader.Event.request
        while count < RequestBatch.countMax {
            offsets[count] = reader.offset
            event = reader.next(into: &(engine.pointee.batch.requests + count).pointee.arguments)
            guard event == .request else { break }
            count += 1
        }
        if count > 0 { engine.prefetch(client, count) }
        return (count, offsets, event)
    }

    /// - Returns: nil, or why the file cannot be executed.
    private func execute(_ arguments: Arguments, _ named: UnsafeMutablePointer<Command>?) -> String? {
        switch LoggedCommand(arguments, named) {
        case .executed(let command): execute(arguments, command)
        case .library: engine.pointee.persistence.functions.append(arguments[arguments.count - 1].array)
        case .passedOver: break
        case .refused(let reason): return reason
        }
        return nil
    }

    private func execute(_ arguments: Arguments, _ command: UnsafeMutablePointer<Command>) {
        guard let handler = command.pointee.handler else { return }
        client.pointee.lastCommand = command
        if client.pointee.flags.contains(.inTransaction), command.pointee.row.name != "exec" {
            engine.queue(client, command, arguments)
        } else {
            var call = Call(
                engine: engine, client: client, arguments: arguments, command: command,
                reply: ReplyWriter(output: output, version: 2), isRetry: false)
            handler(&call)
        }
        output.pointee.removeAll()
        if output.pointee.reservedByteCount > Self.keptByteCountMax { output.pointee.release() }
    }

    private static let keptByteCountMax = 1 << 20
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Begins or ends loading: no key falls due meanwhile.
    package func setLoading(_ isLoading: Bool) {
        pointee.isLoading = isLoading
        pointee.dueTime = isLoading ? .min : pointee.now
    }
}
