import Bytes
import RESP
import Testing

@testable import KeyValueCommands

/// Which arguments of a line are keys, and how each is used.
@Suite struct CommandKeysTests {
    /// The keys of a line as `key:FLAGS`, in order of the reply.
    private func keys(_ line: String) throws -> [String] {
        let words = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
        let container = try #require(CommandTable.row(named: words[0]))
        let row = container.subcommands.first { $0.name == words[1].lowercased() } ?? container
        var found: [String] = []
        withArguments(words) { arguments in
            let count = CommandKeys.forEach(of: row, in: arguments) { position, flags in
                let names = KeyFlags.names.filter { flags.contains($0.flag) }.map(\.name.description)
                found.append(arguments[position].text + ":" + names.joined(separator: ","))
            }
            #expect(count == found.count)
        }
        return found
    }

    private func withArguments(_ words: [String], _ body: (Arguments) -> Void) {
        let bytes = words.map { word -> UnsafeMutableRawBufferPointer in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: word.utf8.count, alignment: 1)
            copy.copyBytes(from: word.utf8)
            return copy
        }
        defer { for copy in bytes { copy.deallocate() } }
        let slices = bytes.map { ByteSlice($0) }
        slices.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            body(Arguments(base: base, count: buffer.count))
        }
    }

    @Test(arguments: [
        ("GET k", "k:RO,access"),
        ("MSET a 1 b 2", "a:OW,update b:OW,update"),
        ("LMOVE a b LEFT RIGHT", "a:RW,access,delete b:RW,insert"),
        ("BLPOP a b 0", "a:RW,access,delete b:RW,access,delete"),
        ("OBJECT ENCODING k", "k:RO"),
        ("MEMORY USAGE k", "k:RO"),
        ("XGROUP CREATE k g $", "k:RW,insert"),
        ("EVAL script 2 a b c", "a:RW,access,update b:RW,access,update"),
        ("EVAL script 0", ""),
        ("EVAL script 3 a b", ""),
        ("EVAL script -1 a b", ""),
        ("EVAL script 99999999999999999999 a b", ""),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "d:OW,update a:RO,access b:RO,access"),
        ("XREAD COUNT 1 STREAMS a b 0 0", "a:RO,access b:RO,access"),
        ("XREAD STREAMS", ""),
        ("XREAD COUNT 1", ""),
        ("XREADGROUP GROUP streams c STREAMS a >", "a:RO,access"),
        ("GEORADIUS k 0 0 1 m STORE d", "k:RO,access d:OW,update"),
        ("GEORADIUS k 0 0 1 m", "k:RO,access"),
        ("PFMERGE d", ""),
        ("PFCOUNT a b", "a:RW,access b:RW,access"),
        ("SPUBLISH c m", ""),
        ("PING x", ""),
    ])
    func bySpecification(_ line: String, _ expected: String) throws {
        #expect(try keys(line) == expected.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        ("SORT k", "k:RO,access"),
        ("SORT k BY store GET store LIMIT store store", "k:RO,access"),
        ("SORT k STORE a STORE b", "k:RO,access b:OW,update"),
        ("SORT k STORE", "k:RO,access"),
        ("SORT_RO k BY x", "k:RO,access"),
        ("MIGRATE h 1 k 0 10", "k:RW,access,delete"),
        ("MIGRATE h 1 '' 0 10 COPY AUTH keys KEYS a b", "a:RW,access,delete b:RW,access,delete"),
        ("MIGRATE h 1 '' 0 10 AUTH2 keys keys KEYS a", "a:RW,access,delete"),
        ("MIGRATE h 1 k 0 10 KEYS a b", ""),
        ("MIGRATE h 1 '' 0 10 KEYS", ""),
        ("SET k v", "k:OW,update"),
        ("SET k v XX get", "k:RW,access,update"),
        ("SET k get", "k:OW,update"),
        ("BITFIELD k GET u8 0", "k:RO,access"),
        ("BITFIELD k OVERFLOW SAT GET u8 0", "k:RO,access"),
        ("BITFIELD k GET u8 0 SET u8 0 1", "k:RW,access,update"),
        ("BITFIELD k NONSENSE", "k:RW,access,update"),
    ])
    func bySearch(_ line: String, _ expected: String) throws {
        #expect(try keys(line) == expected.split(separator: " ").map(String.init))
    }

    /// A line of any length, cut anywhere, never leads outside of itself.
    @Test func neverLeavesTheLine() {
        let words = [
            "0", "2", "-1", "keys", "streams", "store", "storedist", "get", "set", "limit", "overflow", "auth2", "",
            "99",
        ]
        var state: UInt64 = 1
        for (path, row) in CommandTableTests.all {
            for count in 1..<12 {
                var line = [path]
                for _ in 1..<max(count, 2) {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    line.append(words[Int(state >> 33) % words.count])
                }
                withArguments(Array(line.prefix(count))) { arguments in
                    CommandKeys.forEach(of: row, in: arguments) { position, _ in
                        #expect(position > 0 && position < arguments.count, "\(line)")
                    }
                }
            }
        }
    }

    @Test func rangesCountFromBothEnds() {
        func positions(_ range: KeyRange, _ count: Int) -> [Int] {
            var found: [Int] = []
            range.forEach(argumentCount: count) { found.append($0) }
            return found
        }
        #expect(positions(KeyRange(first: 1, last: 1, step: 1), 2) == [1])
        #expect(positions(KeyRange(first: 1, last: -1, step: 2), 5) == [1, 3])
        #expect(positions(KeyRange(first: 1, last: -2, step: 1), 4) == [1, 2])
        #expect(positions(KeyRange(first: 1, last: 3, step: 1), 2) == [1])
        #expect(positions(.none, 5) == [])
    }
}
