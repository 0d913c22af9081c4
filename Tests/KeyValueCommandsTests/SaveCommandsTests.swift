import Foundation
import KeyValuePersistence
import Testing

@testable import KeyValueCommands

@Suite struct SaveCommandsTests {
    /// A client of an engine with a directory of its own, which is removed with it.
    private final class Saver {
        let client: Conversation
        let directory: String
        var engine: EngineReference { client.engine }
        var persistence: Persistence { engine.pointee.persistence }

        init(_ directory: String? = nil) {
            client = Conversation()
            self.directory =
                directory ?? FileManager.default.temporaryDirectory.path + "/atoll-save-\(UUID().uuidString)"
            try? FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
            persistence.directory = self.directory
        }

        func ask(_ line: String) -> String { client.ask(line) }

        /// Goes on with the snapshot as the loop does, until it is done.
        func finish() {
            for _ in 0..<10_000 where persistence.running != nil {
                engine.stepSnapshot()
                usleep(1000)
            }
        }

        var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] }
        func remove() { try? FileManager.default.removeItem(atPath: directory) }
    }

    @Test func whatIsSavedIsLoaded() throws {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.ask("MSET a 1 b two")
        _ = saver.ask("SELECT 5")
        _ = saver.ask("RPUSH list x y z")
        _ = saver.ask("PEXPIREAT list 9999999999999")
        #expect(saver.ask("SAVE") == "+OK")
        #expect(saver.files == ["dump.rdb"])
        #expect(saver.engine.pointee.dirty == 0)
        let other = Saver(saver.directory)
        try other.engine.loadSnapshot()
        #expect(other.ask("MGET a b") == "*2|$1|1|$3|two")
        _ = other.ask("SELECT 5")
        #expect(other.ask("LRANGE list 0 -1") == "*3|$1|x|$1|y|$1|z")
        #expect(other.ask("PEXPIRETIME list") == ":9999999999999")
    }

    @Test func backgroundSaveIsTheStateAtItsStart() throws {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.ask("SET a before")
        #expect(saver.ask("BGSAVE") == "+Background saving started")
        _ = saver.ask("SET a after")
        _ = saver.ask("SET b new")
        #expect(saver.ask("BGSAVE") == "-ERR Background save already in progress")
        #expect(saver.ask("SAVE") == "-ERR Background save already in progress")
        saver.finish()
        #expect(saver.engine.pointee.dirty == 2)
        #expect(saver.ask("LASTSAVE") != ":0")
        let other = Saver(saver.directory)
        try other.engine.loadSnapshot()
        #expect(other.ask("GET a") == "$6|before")
        #expect(other.ask("EXISTS b") == ":0")
    }

    @Test func scheduledInATransaction() {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.ask("MULTI")
        _ = saver.ask("BGSAVE")
        #expect(saver.ask("EXEC") == "*1|+Background saving scheduled")
        #expect(saver.persistence.running == nil)
        saver.engine.startDueSnapshot()
        #expect(saver.persistence.running?.purpose == .save)
        saver.finish()
        #expect(saver.files == ["dump.rdb"])
    }

    @Test func cancelled() {
        let saver = Saver()
        defer { saver.remove() }
        #expect(
            saver.ask("BGSAVE CANCEL") == "-ERR Background saving is currently not in progress or scheduled")
        _ = saver.ask("SET a 1")
        _ = saver.ask("BGSAVE")
        #expect(saver.ask("BGSAVE CANCEL") == "+Background saving cancelled")
        #expect(saver.files == [])
        #expect(saver.ask("BGSAVE") == "+Background saving started")
        saver.finish()
        #expect(saver.files == ["dump.rdb"])
    }

    @Test func aFailedSaveRefusesWrites() {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.ask("SET a 1")
        saver.persistence.directory = "/nonexistent"
        #expect(saver.ask("BGSAVE") == "-ERR")
        #expect(saver.ask("SET a 2").hasPrefix("-MISCONF"))
        #expect(saver.ask("GET a") == "$1|1")
        #expect(saver.ask("CONFIG SET stop-writes-on-bgsave-error no") == "+OK")
        #expect(saver.ask("SET a 2") == "+OK")
        #expect(saver.ask("CONFIG SET stop-writes-on-bgsave-error yes") == "+OK")
        #expect(saver.ask("SET a 3").hasPrefix("-MISCONF"))
        saver.persistence.directory = saver.directory
        #expect(saver.ask("SAVE") == "+OK")
        #expect(saver.ask("SET a 3") == "+OK")
    }

    /// Whoever asks for SAVE is told; only what fails unseen has to make itself heard.
    @Test func aFailedSaveInTheForegroundRefusesNothing() {
        let saver = Saver()
        defer { saver.remove() }
        saver.persistence.directory = "/nonexistent"
        #expect(saver.ask("SAVE") == "-ERR")
        #expect(saver.ask("SET a 2") == "+OK")
    }

    @Test func keysOfABackgroundSaveTakeTheirTime() {
        let saver = Saver()
        defer { saver.remove() }
        for number in 0..<40 { _ = saver.ask("SET key:\(number) value") }
        _ = saver.ask("CONFIG SET rdb-key-save-delay 1000000")
        #expect(saver.ask("BGSAVE") == "+Background saving started")
        for _ in 0..<100 { saver.engine.stepSnapshot() }
        #expect((saver.persistence.running?.snapshot.takenKeyCount ?? 0) < 20)
        let start = saver.engine.pointee.now
        for second in 1...50 {
            saver.engine.setTime(milliseconds: start + Int64(second) * 1000)
            saver.engine.stepSnapshot()
        }
        saver.finish()
        #expect(saver.files == ["dump.rdb"])
    }

    @Test func commandsThatNeedDataWaitUntilItIsLoaded() throws {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.ask("SET a 1")
        #expect(saver.ask("SAVE") == "+OK")
        let other = Saver(saver.directory)
        var replies: [String] = []
        other.engine.beginLoading {
            replies = ["GET a", "PING", "MULTI", "GET a", "EXEC", "ECHO x", "SELECT 1", "BGSAVE"].map { other.ask($0) }
            return true
        }
        try other.engine.loadSnapshot()
        let refusal = "-LOADING Redis is loading the dataset in memory"
        let aborted = "-EXECABORT Transaction discarded because of previous errors."
        #expect(replies == [refusal, refusal, "+OK", refusal, aborted, "$1|x", "+OK", refusal])
        other.engine.endLoading()
        #expect(other.ask("DBSIZE") == ":0")
        _ = other.ask("SELECT 0")
        #expect(other.ask("GET a") == "$1|1")
    }

    @Test func loadingEndsWhenItIsToldTo() {
        let saver = Saver()
        defer { saver.remove() }
        for number in 0..<100 { _ = saver.ask("SET key:\(number) \(String(repeating: "v", count: 100))") }
        _ = saver.ask("CONFIG SET rdbcompression no")
        _ = saver.ask("SAVE")
        let other = Saver(saver.directory)
        _ = other.ask("CONFIG SET loading-process-events-interval-bytes 1024")
        var calls = 0
        other.engine.beginLoading {
            calls += 1
            return calls < 3
        }
        #expect(throws: SnapshotFailure.self) { try other.engine.loadSnapshot() }
        other.engine.endLoading()
        #expect(calls == 3)
    }

    @Test func aFailedSaveLeavesTheOldFile() throws {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.ask("SET a 1")
        #expect(saver.ask("SAVE") == "+OK")
        let old = FileManager.default.contents(atPath: saver.directory + "/dump.rdb")
        // A directory stands where the temporary file would.
        try FileManager.default.createDirectory(
            atPath: saver.directory + "/temp-\(getpid()).rdb", withIntermediateDirectories: true)
        _ = saver.ask("SET a 2")
        #expect(saver.ask("SAVE") == "-ERR")
        #expect(FileManager.default.contents(atPath: saver.directory + "/dump.rdb") == old)
    }

    @Test func flushAllIsNotUndoneByAFile() throws {
        let saver = Saver()
        defer { saver.remove() }
        for index in 0..<1000 { _ = saver.ask("SET k\(index) v") }
        #expect(saver.ask("SAVE") == "+OK")
        #expect(saver.ask("BGSAVE") == "+Background saving started")
        #expect(saver.ask("FLUSHALL") == "+OK")
        #expect(saver.persistence.running == nil)
        #expect(saver.files == ["dump.rdb"])
        let other = Saver(saver.directory)
        try other.engine.loadSnapshot()
        #expect(other.ask("DBSIZE") == ":0")
    }

    /// Nothing is due because of what was there before the start.
    @Test func theStartCountsAsASave() {
        let saver = Saver()
        defer { saver.remove() }
        let seconds = Int(saver.ask("LASTSAVE").dropFirst()) ?? 0
        #expect(abs(seconds - Int(Date().timeIntervalSince1970)) < 60)
        _ = saver.client.ask(["CONFIG", "SET", "save", "900 1"])
        _ = saver.ask("SET a 1")
        saver.engine.setTime(milliseconds: Int64(seconds + 800) * 1000)
        saver.engine.startDueSnapshot()
        #expect(saver.persistence.running == nil)
        saver.engine.setTime(milliseconds: Int64(seconds + 902) * 1000)
        saver.engine.startDueSnapshot()
        #expect(saver.persistence.running != nil)
        saver.finish()
    }

    @Test func savePointsStartASave() {
        let saver = Saver()
        defer { saver.remove() }
        _ = saver.client.ask(["CONFIG", "SET", "save", "10 3"])
        let now = saver.engine.pointee.now
        saver.persistence.lastSave = now / 1000
        _ = saver.ask("MSET a 1 b 2")
        saver.engine.setTime(milliseconds: now + 12_000)
        saver.engine.startDueSnapshot()
        #expect(saver.persistence.running == nil)
        _ = saver.ask("SET c 3")
        saver.engine.setTime(milliseconds: now + 5_000)
        saver.engine.startDueSnapshot()
        #expect(saver.persistence.running == nil)
        saver.engine.setTime(milliseconds: now + 12_000)
        saver.engine.startDueSnapshot()
        #expect(saver.persistence.running != nil)
        saver.finish()
        #expect(saver.engine.pointee.dirty == 0)
    }
}
