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
                _ = client.ask("SAVE")
                return String(client.ask("SET key value").prefix { $0 != " " })
            }
        },
    ]
}

extension Conversation {
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
