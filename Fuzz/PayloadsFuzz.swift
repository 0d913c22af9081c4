// Fuzzes RESTORE: payloads of a stranger, and then commands on whatever they became. A value that is taken must stand
// every command, and come out of DUMP as a payload that is taken again. `Fuzz/run` builds and runs it.

import Bytes
import Glibc
import Keyspace
import KeyValueCommands
import RESP

/// Entry point of libFuzzer. The first byte: settings; the second: how many commands follow, five bytes each; the rest is
/// a payload without its footer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
    let commandCount = Int(bytes[1] % 16)
    guard count > 2 + commandCount * 5 else { return 0 }
    engine.pointee.settings.sanitizesPayloads = bytes[0] & 1 != 0
    let payload = Array(bytes[(2 + commandCount * 5)...]) + footer
    if ask(["restore", "k", "0"], payload).first == UInt8(ascii: "+") {
        // A listpack may hold a member twice, which no copy of it in another form can.
        let mayDiffer = bytes[0] & 1 == 0
        for index in 0..<commandCount { perform(bytes[(2 + index * 5)..<(7 + index * 5)]) }
        dumpAndRestore(mayDiffer: mayDiffer)
    }
    _ = ask(["flushall", "sync"])
    return 0
}

/// Called by libFuzzer before the first input: writes inputs to begin with into the folder that the environment names.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _: UnsafeMutablePointer<CInt>, _: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>>>
) -> CInt {
    guard let folder = getenv("ATOLL_FUZZ_SEEDS").map({ String(cString: $0) }) else { return 0 }
    for (index, lines) in seeds.enumerated() {
        for line in lines { _ = ask(line.split(separator: " ").map(String.init)) }
        let reply = ask(["dump", "k"])
        guard let end = reply.firstIndex(of: 0x0A), reply.count > end + 13 else { continue }
        let payload = [UInt8](reply[(end + 1)..<(reply.count - 2 - footer.count)])
        let file = open("\(folder)/seed-\(index)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let bytes: [UInt8] = [1, 2, 0, 0, 1, 2, 3, 9, 1, 4, 5, 6] + payload
        _ = write(file, bytes, bytes.count)
        close(file)
        _ = ask(["flushall", "sync"])
    }
    return 0
}

/// Commands that make values of all forms.
private let seeds: [[String]] = [
    ["set k 1"], ["set k hello"], ["set k \(String(repeating: "ab", count: 150))"], ["rpush k a 1 bc"],
    ["rpush k a b c d e f g h i j k l m n o p"], ["sadd k 1 2 3"], ["sadd k a b"], ["sadd k a b c d e f g h i j"],
    ["hset k f v g 1"], ["hset k a 1 b 2 c 3 d 4 e 5 f 6 g 7"], ["zadd k 1 a 2.5 b"],
    ["zadd k 1 a 2 b 3 c 4 d 5 e 6 f 7 g"], ["setbit k 4000 1"], ["pfadd k a b c"],
    [
        "xadd k 1-1 f v", "xadd k 1-2 f w g 1", "xadd k 5-0 f x", "xgroup create k g 0", "xgroup create k h 1-2",
        "xreadgroup group g c count 2 streams k >", "xreadgroup group g d streams k >", "xdel k 1-2",
    ],
]

/// A version and any checksum.
private let footer: [UInt8] = [11, 0, 0, 0, 0, 0, 0, 0, 0, 0]

// Not constants that may be shared: libFuzzer has one thread.
nonisolated(unsafe) private let engine: EngineReference = {
    let configuration = Configuration()
    for (name, value) in [
        ("hash-max-listpack-entries", "4"), ("zset-max-listpack-entries", "4"), ("set-max-intset-entries", "4"),
        ("set-max-listpack-entries", "4"), ("list-max-listpack-size", "4"), ("stream-node-max-entries", "3"),
        ("rdb-version", "11"),
    ] {
        do { try configuration.take(words: [name, value]) } catch { preconditionFailure(name) }
    }
    let engine = Engine.make(configuration: configuration, seed: 1, usesThreads: false)
    engine.pointee.settings.skipsChecksums = true
    return engine
}()

// As above: one thread.
nonisolated(unsafe) private let output: UnsafeMutablePointer<OutputBuffer> = {
    let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
    output.initialize(to: OutputBuffer())
    return output
}()

// As above: one thread.
nonisolated(unsafe) private let client = engine.makeClient(output: output)

/// The reply to a request.
private func ask(_ words: [String], _ last: [UInt8]? = nil) -> [UInt8] {
    let arguments = words.map { Array($0.utf8) } + (last.map { [$0] } ?? [])
    var request = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments { request += Array("$\(argument.count)\r\n".utf8) + argument + [0x0D, 0x0A] }
    request.withUnsafeBytes { engine.receive(client, $0) }
    engine.takePendingOutput { _ in }
    defer { output.pointee.removeAll() }
    return output.pointee.readable.array
}

private let commands: [[String]] = {
    let groups: Set<CommandGroup> = [.list, .set, .sortedSet, .hash, .stream, .string, .generic]
    let excluded: Set<String> = [
        "restore", "migrate", "wait", "waitaof", "keys", "randomkey", "setrange", "setbit", "blpop", "brpop",
        "brpoplpush",
        "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop",
    ]
    return CommandTable.rows.filter { groups.contains($0.group) && !excluded.contains($0.name) }.flatMap { row in
        row.subcommands.isEmpty ? [[row.name]] : row.subcommands.map { [row.name, $0.name] }
    }
}()

private let vocabulary = [
    "a", "b", "c", "f", "v", "g", "h", "1", "2", "0", "-1", "5-0", "1-1", "1-2", "-", "+", ">", "k", "l", "*", "(1",
    "[a",
    "count", "left", "right", "inf", "-inf", "withscores", "streams", "group", "maxlen", "=",
]

/// One command on the key, with three words behind it.
private func perform(_ bytes: ArraySlice<UInt8>) {
    let first = bytes.startIndex
    let number = Int(bytes[first]) | Int(bytes[first + 1] & 0x0F) << 8
    var words = commands[number % commands.count] + ["k"]
    for index in 0..<(Int(bytes[first + 1] >> 4) % 4) {
        words.append(vocabulary[Int(bytes[first + 2 + index]) % vocabulary.count])
    }
    _ = ask(words)
}

/// What DUMP says of the key is taken by RESTORE, and says the same again.
private func dumpAndRestore(mayDiffer: Bool) {
    func dump(_ key: String) -> [UInt8]? {
        let reply = ask(["dump", key])
        guard reply.count > 5, reply[0] == 0x24, let end = reply.firstIndex(of: 0x0A) else { return nil }
        return Array(reply[(end + 1)..<(reply.count - 2)])
    }
    guard let payload = dump("k") else { return }
    let reply = ask(["restore", "copy", "0"], payload)
    guard reply.first != UInt8(ascii: "+") else { return }
    precondition(mayDiffer, "what DUMP says is not taken: \(String(decoding: reply, as: UTF8.self))")
}
