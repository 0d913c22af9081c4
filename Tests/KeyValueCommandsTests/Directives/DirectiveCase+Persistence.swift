import Foundation
import Synchronization

@testable import KeyValueCommands

extension DirectiveCase {
    /// What is written to files, and how. Here come those that need no process.
    static let persistence: [DirectiveCase] = [
        DirectiveCase("rdb-version", "11", expect: "version 0b00", insteadOf: "version 0a00") { client in
            _ = client.ask("SET key value")
            // Two bytes of version and eight of checksum end a payload.
            return "version \(client.askBytes(["DUMP", "key"]).suffix(20).prefix(4))"
        },
        DirectiveCase("rdbcompression", "no", expect: "long", insteadOf: "short") { client in
            _ = client.ask("SET key \(String(repeating: "v", count: 1000))")
            return client.askBytes(["DUMP", "key"]).count > 2000 ? "long" : "short"
        },
        DirectiveCase("dbfilename", "other.rdb", expect: "other.rdb", insteadOf: "dump.rdb") { client in
            client.inFolder { folder in
                _ = client.ask("SAVE")
                return (try? FileManager.default.contentsOfDirectory(atPath: folder).joined(separator: " ")) ?? ""
            }
        },
        DirectiveCase("rdbchecksum", "no", expect: "none", insteadOf: "there") { client in
            client.inFolder { folder in
                _ = client.ask("SAVE")
                let bytes = FileManager.default.contents(atPath: folder + "/dump.rdb") ?? Data()
                return bytes.count > 8 && bytes.suffix(8).allSatisfy { $0 == 0 } ? "none" : "there"
            }
        },
        DirectiveCase("rdb-save-incremental-fsync", "no", expect: "at the end", insteadOf: "all along") { client in
            client.inFolder { _ in
                _ = client.ask("CONFIG SET rdbcompression no")
                for index in 0..<20 { _ = client.ask(["SET", "\(index)", String(repeating: "v", count: 1 << 20)]) }
                let before = dataSyncCount.load(ordering: .relaxed)
                _ = client.ask("SAVE")
                return dataSyncCount.load(ordering: .relaxed) > before ? "all along" : "at the end"
            }
        },
        DirectiveCase("rdb-key-save-delay", "100000", expect: "slow", insteadOf: "fast") { client in
            client.inFolder { _ in
                _ = client.ask("MSET a 1 b 2 c 3 d 4")
                return client.askTimed("SAVE") >= 400 ? "slow" : "fast"
            }
        },
        DirectiveCase(
            "key-load-delay", "20000", with: "enable-debug-command yes", expect: "slow", insteadOf: "fast"
        ) { client in
            client.inFolder { _ in
                _ = client.ask("MSET a 1 b 2 c 3 d 4")
                return client.askTimed("DEBUG RELOAD") >= 80 ? "slow" : "fast"
            }
        },
        DirectiveCase(
            "loading-process-events-interval-bytes", "1024", expect: "often", insteadOf: "seldom"
        ) { client in
            client.inFolder { _ in
                for index in 0..<20 { _ = client.ask(["SET", "\(index)", String(repeating: "\(index)", count: 999)]) }
                _ = client.ask("CONFIG SET rdbcompression no")
                _ = client.ask("SAVE")
                _ = client.ask("FLUSHDB")
                var count = 0
                client.engine.beginLoading {
                    count += 1
                    return true
                }
                try? client.engine.loadSnapshot()
                client.engine.endLoading()
                return count > 10 ? "often" : "seldom"
            }
        },
        DirectiveCase("sanitize-dump-payload", "yes", expect: "-ERR Bad data format", insteadOf: "+OK") { client in
            // A packed hash in which a field is there twice.
            let twice: [UInt8] = [
                0x10, 0x11, 0x11, 0, 0, 0, 4, 0, 0x81, 0x61, 2, 1, 1, 0x81, 0x61, 2, 2, 1, 0xFF, 10, 0,
            ]
            client.engine.pointee.settings.skipsChecksums = true
            return client.askBytes([
                Array("RESTORE".utf8), Array("key".utf8), Array("0".utf8), twice + [UInt8](repeating: 0, count: 8),
            ])
        },
        DirectiveCase("save", "5 1", expect: "due", insteadOf: "not due") { client in
            client.inFolder { _ in
                client.engine.pointee.persistence.lastSave = client.engine.pointee.now / 1000
                _ = client.ask("SET key value")
                client.engine.setTime(milliseconds: client.engine.pointee.now + 10_000)
                client.engine.startDueSnapshot()
                return client.engine.abandonSnapshot() == .save ? "due" : "not due"
            }
        },
        DirectiveCase("stop-writes-on-bgsave-error", "no", expect: "+OK", insteadOf: "-MISCONF") { client in
            client.inFolder { folder in
                client.engine.pointee.persistence.directory = folder + "/missing"
                _ = client.ask("BGSAVE")
                return String(client.ask("SET key value").prefix { $0 != " " })
            }
        },
    ]
}

extension Conversation {
    /// Milliseconds until the reply.
    fileprivate func askTimed(_ line: String) -> Int {
        let began = ContinuousClock.now
        _ = ask(line)
        return Int((ContinuousClock.now - began) / .milliseconds(1))
    }

    /// Gives the engine an empty directory for its files meanwhile.
    fileprivate func inFolder(_ body: (String) -> String) -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("atoll-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        engine.pointee.persistence.directory = folder
        return body(folder)
    }
}

/// Calls of fdatasync in this process. Nothing else shows when a file goes to the disk.
private let dataSyncCount = Atomic<Int>(0)

/// Takes the place of libc's: the program's own symbols go before those of libraries.
@_cdecl("fdatasync")
func countDataSync(_ descriptor: Int32) -> Int32 {
    dataSyncCount.add(1, ordering: .relaxed)
    return fsync(descriptor)
}
