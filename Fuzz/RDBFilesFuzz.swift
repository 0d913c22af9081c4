// Fuzzes the reader of RDB files: what it takes is freed again, by `atoll kv check` as by loading. `Fuzz/run` builds and
// runs it.

import Bytes
import Glibc
import KeyValuePersistence
import Keyspace

/// Entry point of libFuzzer: a file without the magic word, whose checksum is not looked at.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array("REDIS00".utf8) + UnsafeBufferPointer(start: start, count: count)
    ftruncate(file, 0)
    guard pwrite(file, bytes, bytes.count, 0) == bytes.count else { return 0 }
    lseek(file, 0, SEEK_SET)
    _ = RDBCheck(descriptor: file, byteCount: bytes.count, now: 0, salvageDescriptor: salvageFile).run()
    ftruncate(salvageFile, 0)
    lseek(salvageFile, 0, SEEK_SET)
    load(byteCount: bytes.count)
    return 0
}

private func load(byteCount: Int) {
    lseek(file, 0, SEEK_SET)
    var limits = EncodingLimits()
    limits.setIntegersMax = 4
    limits.setPackedCountMax = 4
    limits.hashPackedCountMax = 4
    limits.sortedSetPackedCountMax = 4
    limits.listNodeLimit = 4
    var options = RDBLoadOptions(limits: limits, hasher: hasher, now: 1_700_000_000_000, clock: 1)
    options.verifiesChecksum = false
    options.replacesExisting = byteCount % 2 == 0
    var loader = RDBLoader(
        descriptor: file, byteCount: byteCount, options: options, into: databases, count: databaseCount)
    try? loader.load { _ in true }
    for index in 0..<databaseCount { databases[index].removeAll(inBackground: false) }
}

/// Called by libFuzzer before the first input: writes one to begin with into the folder that the environment names.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _: UnsafeMutablePointer<CInt>, _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    guard let folder = getenv("ATOLL_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    var text = [UInt8]("11".utf8)
    func put(_ bytes: [UInt8]) { text += bytes }
    put([0xFA, 1, 0x61, 1, 0x62, 0xF5, 3, 0x61, 0x62, 0x63, 0xFE, 0, 0xFB, 2, 1])
    put([0xFC, 0, 0, 0, 0, 0, 0x10, 0, 0, 0xF8, 5, 0, 1, 0x73, 0xC0, 1, 0xF9, 7, 0, 1, 0x74, 2, 0x68, 0x69])
    put([1, 1, 0x6C, 2, 1, 0x61, 0xC0, 1, 2, 1, 0x6D, 2, 1, 0x61, 1, 0x62, 4, 1, 0x68, 1, 1, 0x66, 1, 0x76])
    put([5, 1, 0x7A, 1, 1, 0x61, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0])
    let seed = open("\(folder)/seed", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    _ = write(seed, text, text.count)
    close(seed)
    return 0
}

private let databaseCount = 4
private let hasher = KeyedHash(key0: 1, key1: 2)
private let file = makeFile("input")
private let salvageFile = makeFile("salvage")

/// A file in memory that nobody else finds.
private func makeFile(_ name: String) -> Int32 {
    let path = "/dev/shm/atoll-fuzz-\(name)-\(getpid())"
    defer { unlink(path) }
    return open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
}

// Not a constant that may be shared: libFuzzer has one thread.
nonisolated(unsafe) private let databases: UnsafeMutablePointer<Database> = {
    let databases = UnsafeMutablePointer<Database>.allocate(capacity: databaseCount)
    let reclaimer = Reclaimer(usesThread: false)
    for index in 0..<databaseCount {
        (databases + index).initialize(to: Database(hasher: hasher, reclaimer: reclaimer))
    }
    return databases
}()
