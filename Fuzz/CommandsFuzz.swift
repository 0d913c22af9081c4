// Fuzzes the engine behind the sockets: bytes of a stranger as requests, and requests put together of names from the
// command table and of arguments that commands understand. A crash, a trap or a finding of the address sanitizer is an
// error. `Fuzz/run` builds and runs it.

import Bytes
import Glibc
import Keyspace
import KeyValueCommands
import RESP

/// Entry point of libFuzzer: the first byte chooses what the rest is read as.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = ByteSlice(start: start + 1, count: count - 1)
    let session = Session(version: start[0] & 1 == 0 ? 2 : 3)
    if start[0] & 6 == 0 {
        if !asksForMuch(bytes) { session.receive(bytes) }
    } else {
        session.receiveSentences(bytes)
    }
    session.end()
    return 0
}

/// The engine, made once. What would end the process, wait, or reach for files is left out of its table; small limits
/// make values change their encoding early. Not a constant that may be shared: libFuzzer has one thread.
nonisolated(unsafe) private let engine: EngineReference = {
    let configuration = Configuration()
    for (name, value) in [
        ("proto-max-bulk-len", "1mb"), ("hash-max-listpack-entries", "4"), ("zset-max-listpack-entries", "4"),
        ("set-max-intset-entries", "4"), ("set-max-listpack-entries", "4"), ("list-max-listpack-size", "4"),
        ("stream-node-max-entries", "3"), ("hll-sparse-max-bytes", "60"), ("notify-keyspace-events", "KEA"),
    ] {
        do { try configuration.take(words: [name, value]) } catch { preconditionFailure(name) }
    }
    return Engine.make(configuration: configuration, rows: rows, seed: 1, usesThreads: false)
}()

private let excluded: Set<String> = ["debug", "shutdown", "config", "pfselftest"]
private let rows = CommandTable.rows.filter { !excluded.contains($0.name) }

/// What arguments are made of.
private let vocabulary: [String] =
    ["a", "b", "c", "d", "e", "f", "a", "b", "c", "d"]
    + ["", "*", "$", ">", "-", "+", "(", "[", "(1", "[b", "#", "#1", "u8", "i5", "i64", "u63", "f*", "[a-c", "\\"]
    + ["0", "1", "2", "3", "5", "-1", "-2", "7", "10", "100", "255", "256", "999", "0-0", "1-1", "2-0", "5-*"]
    + ["9223372036854775807", "-9223372036854775808", "18446744073709551615", "4611686018427387904", "-0", "01"]
    + ["1.5", "-3.25", "inf", "-inf", "nan", "1e308", "1e-320", "1e400", "0x10", " 1", "1 "]
    + [String(repeating: "x", count: 70), String(repeating: "long", count: 100), "\u{0}\u{ff}\r\n"]
        + """
        ex px exat pxat nx xx gt lt ch incr get keepttl persist withscores withscore byscore bylex rev limit count weights
        aggregate sum min max left right before after match type string list set zset hash stream maxlen minid ~ = nomkstream
        mkstream streams group block idle time retrycount force justid lastid entriesread entriesadded maxdeletedid full
        withcoord withdist withhash asc desc any storedist store fromlonlat frommember byradius bybox m km ft by nosort alpha
        rank idx len minmatchlen withmatchlen wrap sat fail overflow incrby bit byte and or xor not withvalues replace db copy
        on off bcast prefix optin optout noloop redirect yes no default normal pubsub id addr user skipme reset async sync
        aof freq idletime encoding refcount help samples usage bcast caching
        """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)

private let names: [[String]] = rows.flatMap { row in
    row.subcommands.isEmpty ? [[row.name]] : row.subcommands.map { [row.name, $0.name] }
}

/// Whether the bytes hold a number that a command may take as a count of what to reply or to make: neither short nor
/// out of range.
private func asksForMuch(_ bytes: ByteSlice) -> Bool {
    var digits = 0
    for byte in bytes {
        digits = (0x30...0x39).contains(byte) ? digits + 1 : 0
        if digits > 3 { return true }
    }
    return false
}

/// Two clients of the engine, in one input.
private final class Session {
    private let outputs: [UnsafeMutablePointer<OutputBuffer>]
    private var clients: [ClientReference?]

    init(version: UInt8) {
        outputs = (0..<2).map { _ in
            let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
            output.initialize(to: OutputBuffer())
            return output
        }
        engine.updateTime()
        clients = outputs.map { engine.makeClient(output: $0) }
        for client in clients { client?.pointee.protocolVersion = version }
    }

    /// The bytes as they are, in two pieces.
    func receive(_ bytes: ByteSlice) {
        let half = bytes.count / 2
        receive(bytes.slice(0, half), as: 0)
        receive(bytes.slice(half, bytes.count), as: 0)
    }

    /// Each sentence: a byte for the client, one for the command, one for the number of arguments, and those.
    func receiveSentences(_ bytes: ByteSlice) {
        var offset = 0
        var sentenceCount = 0
        while offset + 2 < bytes.count, sentenceCount < 64 {
            let head = Int(bytes.byte(at: offset)) | Int(bytes.byte(at: offset + 1)) << 8
            let count = Int(bytes.byte(at: offset + 2)) % 12
            offset += 3
            var words = names[head % names.count]
            for _ in 0..<count where offset < bytes.count {
                words.append(vocabulary[Int(bytes.byte(at: offset)) % vocabulary.count])
                offset += 1
            }
            var request = "*\(words.count)\r\n"
            for word in words { request += "$\(word.utf8.count)\r\n\(word)\r\n" }
            receive(request, as: head & 0x8000 == 0 ? 0 : 1)
            sentenceCount += 1
        }
    }

    private func receive(_ bytes: ByteSlice, as index: Int) { receive(bytes.array, as: index) }

    private func receive(_ text: String, as index: Int) { receive(Array(text.utf8), as: index) }

    /// The array is of its own, so that a byte read behind its end is a finding.
    private func receive(_ bytes: [UInt8], as index: Int) {
        guard let client = clients[index] else { return }
        bytes.withUnsafeBytes { engine.receive(client, $0) }
        turn()
    }

    /// What the shell does at the end of a turn.
    private func turn() {
        engine.continueEviction()
        engine.resumeClients()
        engine.broadcastInvalidations()
        engine.takePendingOutput { client in
            for output in outputs where output == client.pointee.output { output.pointee.removeAll() }
        }
        engine.evictClients()
        engine.takePendingClose { client in
            engine.freeClient(client)
            for index in clients.indices where clients[index] == client { clients[index] = nil }
        }
    }

    /// Leaves nothing for the next input.
    func end() {
        engine.setTime(milliseconds: engine.pointee.now + 5)
        engine.endDueWaits()
        _ = engine.expireCycle()
        engine.keepHouse()
        turn()
        for case let client? in clients { engine.freeClient(client) }
        clients = [nil, nil]
        let client = engine.makeClient(output: outputs[0])
        for line in ["client unpause", "reset", "flushall sync", "slowlog reset", "latency reset"] {
            Array((line + "\r\n").utf8).withUnsafeBytes { engine.receive(client, $0) }
            turn()
        }
        engine.freeClient(client)
        for output in outputs {
            output.deinitialize(count: 1)
            output.deallocate()
        }
    }
}
