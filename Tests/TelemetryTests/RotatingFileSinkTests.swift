import Foundation
import Telemetry
import Testing

struct RotatingFileSinkTests {
    @Test func putsFullFilesAsideAndKeepsSoMany() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("atoll-log-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appendingPathComponent("log").path
        let sink = try #require(
            RotatingFileSink(path: path, limits: .init(bytesMax: 20, filesKept: 2), followsStandardError: false))
        for number in 0..<8 { sink.write("line \(number)...\n") }
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        #expect(names == ["log", "log.1", "log.2"])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 6...\nline 7...\n")
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8) == "line 4...\nline 5...\n")
        #expect(try String(contentsOfFile: path + ".2", encoding: .utf8) == "line 2...\nline 3...\n")
    }

    @Test func goesOnWhereAnEarlierProcessEnded() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("atoll-log-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        RotatingFileSink(path: path, followsStandardError: false)?.write("one\n")
        RotatingFileSink(path: path, followsStandardError: false)?.write("two\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "one\ntwo\n")
        #expect(RotatingFileSink(path: "/nonexistent/log", followsStandardError: false) == nil)
    }
}
