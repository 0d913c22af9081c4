// Fuzzes the loading of append-only files into an engine, and `atoll kv check` of the same files: bytes of a stranger as an
// increment, as a base that begins as an RDB file, as a manifest, as a file of Redis 6; and requests put together of the
// names of all commands and of arguments that commands understand. What the check finds in order must load, and what was
// cut off where it says, or by loading, must load without a repair. `Fuzz/run` builds and runs it.

import Bytes
import Glibc
import KeyValueCommands
import KeyValuePersistence
import Keyspace
import RESP

/// Entry point of libFuzzer: the first byte chooses what the rest is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = [UInt8](UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] % 5 {
    case 0: Fuzz.increment(bytes)
    case 1: Fuzz.increment(sentences(bytes))
    case 2: Fuzz.base(Array("REDIS00".utf8) + bytes)
    case 3: Fuzz.manifest(bytes)
    default: Fuzz.oldFile(bytes)
    }
    return 0
}

private enum Fuzz {
    /// The bytes as the last file of a set. Only what is wrong with them can be wrong.
    static func increment(_ bytes: [UInt8]) {
        Files.put(set, named: "a.aof.manifest")
        Files.put(emptyBase, named: "a.aof.1.base.rdb")
        Files.put(bytes, named: "a.aof.1.incr.aof")
        let report = check("a.aof.1.incr.aof")
        let failure = load(repairs: false)
        precondition(!report.isLoadable || failure == nil, "what was found in order does not load: \(failure ?? "")")
        if load(repairs: true) == nil { precondition(load(repairs: false) == nil, "a repaired file does not load") }
        guard let damage = report.damage, damage.isCurable else { return }
        Files.put(Array(bytes[..<Int(report.wholeByteCount)]), named: "a.aof.1.incr.aof")
        let mended = check("a.aof.1.incr.aof")
        precondition(mended.damage == nil && mended.wholeByteCount == report.wholeByteCount, "a mended file is damaged")
        // A refused request may have been in what was cut off.
        if mended.refusal == nil { precondition(load(repairs: false) == nil, "a mended file does not load") }
    }

    /// The bytes as the first file of a set.
    static func base(_ bytes: [UInt8]) {
        Files.put(set, named: "a.aof.manifest")
        Files.put(bytes, named: "a.aof.1.base.rdb")
        Files.put(Array("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n".utf8), named: "a.aof.1.incr.aof")
        checkSet()
        _ = load(repairs: true)
    }

    /// The bytes as the list of files.
    static func manifest(_ bytes: [UInt8]) {
        Files.put(bytes, named: "a.aof.manifest")
        Files.put(emptyBase, named: "a.aof.1.base.rdb")
        Files.put([], named: "a.aof.1.incr.aof")
        checkSet()
        guard let manifest = try? Files.directory.loadManifest() else { return }
        _ = load(repairs: true)
        let text = Array(manifest.text.utf8)
        // Quoting makes names longer, and lines have a limit.
        guard !text.isEmpty, text.split(separator: 0x0A).allSatisfy({ $0.count < 1000 }) else { return }
        let again = text.withUnsafeBytes { try? AppendOnlyManifest($0) }
        precondition(again == manifest, "a manifest does not read back")
    }

    /// The bytes as a file beside the directory, which loading moves into it.
    static func oldFile(_ bytes: [UInt8]) {
        Files.removeAll()
        Files.put(bytes, named: "../a.aof")
        let report = check("../a.aof")
        var manifest = AppendOnlyManifest()
        guard (try? Files.directory.upgrade(&manifest)) == true else { preconditionFailure("not moved") }
        let failure = load(repairs: false)
        let isSnapshot = bytes.starts(with: "REDIS".utf8)
        precondition(isSnapshot || !report.isLoadable || failure == nil, "\(failure ?? "")")
        Files.removeAll()
    }

    // MARK: - What is fuzzed

    // Not a constant that may be shared: libFuzzer has one thread.
    nonisolated(unsafe) private static let commands = LoggedCommandCheck()

    private static func check(_ name: String) -> AppendOnlyFileCheck.Report {
        let descriptor = open(Files.directory.path(of: name), O_RDONLY)
        defer { close(descriptor) }
        let byteCount = lseek(descriptor, 0, SEEK_END)
        return AppendOnlyFileCheck(
            descriptor: descriptor, from: 0, byteCount: Int64(byteCount), refusal: commands.refusal
        ).run()
    }

    private static func checkSet() {
        guard let found = try? AppendOnlySet(path: Files.directory.path) else { return }
        for member in found.members where access(member.path, R_OK) == 0 {
            let descriptor = open(member.path, O_RDONLY)
            let byteCount = lseek(descriptor, 0, SEEK_END)
            lseek(descriptor, 0, SEEK_SET)
            let report = RDBCheck(descriptor: descriptor, byteCount: byteCount, now: 0).run()
            _ = AppendOnlyFileCheck(
                descriptor: descriptor, from: Int64(report.byteCount), byteCount: Int64(byteCount)
            ).run()
            close(descriptor)
        }
    }

    /// Loads the set, and forgets what was loaded.
    /// - Returns: nil, or why it was not loaded.
    private static func load(repairs: Bool) -> String? {
        let loader = AppendOnlyLoader(engine: engine, directory: Files.directory, repairsTruncated: repairs) { _, _ in }
        defer { forget() }
        do throws(AppendOnlyFailure) {
            _ = try loader.load(try Files.directory.loadManifest())
            return nil
        } catch {
            return error.reason
        }
    }

    private static func forget() {
        Array("flushall sync\r\n".utf8).withUnsafeBytes { engine.receive(client, $0) }
        engine.takePendingOutput { _ in }
        output.pointee.removeAll()
        engine.pointee.persistence.functions = []
    }

    static let emptyBase = engine.emptySnapshot()
    static let set = Array("file a.aof.1.base.rdb seq 1 type b\nfile a.aof.1.incr.aof seq 1 type i\n".utf8)
}

// MARK: - Requests

/// What arguments are made of.
private let vocabulary: [String] =
    ["a", "b", "c", "d", "a", "b", "", "*", "-", "+", "(1", "[b", "0", "1", "2", "-1", "7", "255", "0-0", "1-1", "5-*"]
    + ["9223372036854775807", "-9223372036854775808", "1.5", "inf", "-inf", "nan", String(repeating: "x", count: 70)]
        + """
        ex px exat pxat nx xx gt lt ch incr get keepttl persist withscores limit count weights aggregate sum min max left right
        before after maxlen minid ~ = nomkstream mkstream group idle time retrycount force justid lastid entriesread
        entriesadded maxdeletedid store storedist fromlonlat byradius m by overflow u8 set incrby replace db load sync async
        absttl streams create createconsumer destroy setid delconsumer
        """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)

private let names: [[String]] = {
    let changes: Set<String> = ["multi", "exec", "select"]
    let all = CommandTable.rows.flatMap { row in
        row.subcommands.isEmpty ? [[row.name]] : row.subcommands.map { [row.name, $0.name] }
    }
    // What is executed comes twice as often as what is passed over or refused.
    return all
        + CommandTable.rows.filter { $0.flags.contains(.write) || changes.contains($0.name) }.flatMap {
            [[$0.name], [$0.name]]
        }
}()

/// Each sentence: two bytes for the command, one for the number of arguments, and those.
private func sentences(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    var offset = 0
    while offset + 2 < bytes.count {
        var words = names[(Int(bytes[offset]) | Int(bytes[offset + 1]) << 8) % names.count]
        let count = Int(bytes[offset + 2]) % 12
        offset += 3
        for _ in 0..<count where offset < bytes.count {
            words.append(vocabulary[Int(bytes[offset]) % vocabulary.count])
            offset += 1
        }
        text += request(words)
    }
    return text
}

private func request(_ words: [String]) -> [UInt8] {
    var text = "*\(words.count)\r\n"
    for word in words { text += "$\(word.utf8.count)\r\n\(word)\r\n" }
    return Array(text.utf8)
}

// MARK: - The engine

// As above: one thread. Small limits make values change their encoding early, and
// no save points, so that no file is written.
nonisolated(unsafe) private let engine: EngineReference = {
    let configuration = Configuration()
    for (name, value) in [
        ("save", ""), ("rdbchecksum", "no"), ("proto-max-bulk-len", "1mb"), ("hash-max-listpack-entries", "4"),
        ("zset-max-listpack-entries", "4"), ("set-max-intset-entries", "4"), ("set-max-listpack-entries", "4"),
        ("list-max-listpack-size", "4"), ("stream-node-max-entries", "3"),
    ] {
        do { try configuration.take(words: [name, value]) } catch { preconditionFailure(name) }
    }
    return Engine.make(configuration: configuration, seed: 1, usesThreads: false)
}()

// As above: one thread.
nonisolated(unsafe) private let output: UnsafeMutablePointer<OutputBuffer> = {
    let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
    output.initialize(to: OutputBuffer())
    return output
}()

// As above: one thread.
nonisolated(unsafe) private let client = engine.makeClient(output: output)

// MARK: - Files

/// The files of the set, in memory.
private enum Files {
    static let directory: AppendOnlyDirectory = {
        let path = "/dev/shm/atoll-fuzz-append-only-\(getpid())"
        guard mkdir(path, 0o700) == 0, mkdir("\(path)/aof", 0o700) == 0 else { preconditionFailure(path) }
        atexit {
            Files.removeAll()
            rmdir(Files.directory.path)
            rmdir(Files.directory.parentPath)
        }
        return AppendOnlyDirectory(parentPath: path, name: "aof", fileName: "a.aof")
    }()

    static func put(_ bytes: [UInt8], named name: String) {
        let descriptor = open(directory.path(of: name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { preconditionFailure(name) }
        close(descriptor)
    }

    static func removeAll() {
        for name in ["a.aof", "a.aof.manifest", "a.aof.1.base.rdb", "a.aof.1.incr.aof", "../a.aof"] {
            unlink(directory.path(of: name))
        }
    }
}

// MARK: - Seeds

/// Called by libFuzzer before the first input: writes inputs to begin with into the folder that the environment names.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _: UnsafeMutablePointer<CInt>, _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    guard let folder = getenv("ATOLL_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    let requests = seedLines.flatMap { request($0.split(separator: " ").map(String.init)) }
    let timed = Array("#TS:1700000000\r\n".utf8) + requests
    let base = Array(Fuzz.emptyBase.dropFirst(7))
    // The base's checksum is not looked at, and one key of each simple type is.
    let keys: [UInt8] = [
        0x31, 0x31, 0xFE, 0, 0xFB, 2, 1, 0xFC, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 0x73, 0xC0, 1, 1, 1, 0x6C, 2, 1, 0x61,
        0xC0, 1, 2, 1, 0x6D, 2, 1, 0x61, 1, 0x62, 4, 1, 0x68, 1, 1, 0x66, 1, 0x76, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0,
    ]
    let seeds: [(mode: UInt8, bytes: [UInt8])] = [
        (0, requests), (0, timed), (4, timed), (2, base), (2, base + timed), (2, keys), (2, keys + requests),
        (3, Fuzz.set), (3, Array("# list\nfile \"a.aof.1.incr.aof\" seq 1 type i\nfile x seq 2 type h\n".utf8)),
        (1, (0..<120).map { UInt8(truncatingIfNeeded: $0 &* 37) }),
    ]
    for (index, seed) in seeds.enumerated() {
        let descriptor = open("\(folder)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let bytes = [seed.mode] + seed.bytes
        _ = write(descriptor, bytes, bytes.count)
        close(descriptor)
    }
    return 0
}

/// Requests as a server writes them.
private let seedLines = [
    "SELECT 0", "SET a 1 PXAT 9999999999999", "INCRBY a 3", "RPUSH l a b c", "LMOVE l l LEFT RIGHT", "SADD s 1 2 x",
    "SREM s x", "HSET h f v g 1", "ZADD z 1 a 2.5 b", "ZREMRANGEBYRANK z 0 0", "XADD x 1-1 f v",
    "XADD x MAXLEN = 5 2-0 f w", "XGROUP CREATE x g 0-0", "XGROUP CREATECONSUMER x g c",
    "XCLAIM x g c 0 1-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID", "XGROUP SETID x g 2-0 ENTRIESREAD 2",
    "XSETID x 9-0 ENTRIESADDED 3 MAXDELETEDID 1-1", "MULTI", "SELECT 9", "DEL a", "PEXPIREAT l 9999999999999", "EXEC",
    "SETBIT b 100 1", "PFADD p a b", "COPY p q", "FUNCTION LOAD x", "FLUSHDB",
]
