import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Log lines")
struct LogLineTests {
    private static let moment = Date(timeIntervalSince1970: 1_795_435_200.123_4)

    private func text(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        LogLine(moment: Self.moment, level: .info, label: "test", message: message, metadata: metadata)
            .rendered(as: .text)
    }

    private func json(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        LogLine(moment: Self.moment, level: .info, label: "test", message: message, metadata: metadata)
            .rendered(as: .json)
    }

    @Test(
        "Moments are written in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
            (951_827_696.5, "2000-02-29T12:34:56.500Z"), (1_795_435_200.123_4, "2026-11-23T12:00:00.123Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ])
    func timestamps(seconds: Double, expected: String) {
        #expect(LogTimestamp.text(Date(timeIntervalSince1970: seconds)) == expected)
    }

    @Test(
        "A text line keeps message and values apart, whatever is in them",
        arguments: [
            ("plain", "v", "plain key=v"),
            ("two words", "two words", #"two words key="two words""#),
            ("line\nbreak", "a\nb", #"line\nbreak key="a\nb""#),
            ("tab\tcr\r", "\t", #"tab\tcr\r key="\t""#),
            ("bell\u{7}", "\u{1b}[31m", #"bell\u{07} key=\u{1b}[31m"#),
            ("next\u{85}line", "\u{2028}", #"next\u{85}line key="\u{2028}""#),
            ("back\\slash", #"say "hi""#, #"back\\slash key="say \"hi\"""#),
            ("", "", #" key="""#),
            ("é漢🌊", "é漢🌊", "é漢🌊 key=é漢🌊"),
            ("a", "x=y", #"a key="x=y""#),
        ])
    func textLines(message: String, value: String, expected: String) {
        #expect(text(message, ["key": .string(value)]) == "2026-11-23T12:00:00.123Z info \(expected)\n")
    }

    @Test("Keys are sorted, and a key cannot forge another pair")
    func keys() {
        let line = text("m", ["b": "2", "a": "1", "c d=e\nf": "3"])
        #expect(line == "2026-11-23T12:00:00.123Z info m a=1 b=2 c_d_e_f=3\n")
    }

    @Test("Every level is written by its name", arguments: Logger.Level.allCases)
    func levels(level: Logger.Level) {
        let line = LogLine(moment: Self.moment, level: level, label: "l", message: "m")
        #expect(line.rendered(as: .text) == "2026-11-23T12:00:00.123Z \(level.rawValue) m\n")
    }

    @Test("A JSON line is one object that a JSON reader understands")
    func jsonObject() throws {
        let line = json(
            "a\n\"b\"\\\u{1}\u{2028}",
            ["list": ["x", "y"], "nested": ["k": "v\n"], "level": "mine", "number": .stringConvertible(3)])
        #expect(line.filter(\.isNewline) == "\n")
        #expect(line.hasSuffix("}\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["time"] as? String == "2026-11-23T12:00:00.123Z")
        #expect(object["level"] as? String == "info")
        #expect(object["level_"] as? String == "mine")
        #expect(object["logger"] as? String == "test")
        #expect(object["message"] as? String == "a\n\"b\"\\\u{1}\u{2028}")
        #expect(object["list"] as? [String] == ["x", "y"])
        #expect(object["nested"] as? [String: String] == ["k": "v\n"])
        #expect(object["number"] as? String == "3")
    }

    @Test("A huge event is cut, and stays one line, and stays JSON", arguments: LogFormat.allCases)
    func cut(format: LogFormat) throws {
        let huge = String(repeating: "é", count: 100_000)
        let line = LogLine(
            moment: Self.moment, level: .info, label: "l", message: huge, metadata: ["key": .string(huge)]
        ).rendered(as: format)
        #expect(line.utf8.count <= LogLimits.lineBytesMax + 64)
        #expect(line.filter(\.isNewline) == "\n")
        if format == .json {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(object["truncated"] as? Bool == true)
        }
    }
}

/// Keeps lines in memory.
private final class CollectingSink: LogSink {
    private let collected = Mutex<[String]>([])
    var lines: [String] { collected.withLock { $0 } }

    func write(_ line: String) {
        collected.withLock { $0.append(line) }
    }
}

@Suite("Log handler")
struct LogHandlerTests {
    private struct Broken: Error, CustomStringConvertible {
        let description = "it broke"
    }

    @Test("The call site's metadata wins over the logger's, and that over the provider's")
    func merging() throws {
        let sink = CollectingSink()
        let provider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "c": "provider"] }
        var logger = Logger(label: "test") { label in
            LineLogHandler(label: label, format: .text, level: .info, sink: sink, metadataProvider: provider)
        }
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("merged", metadata: ["c": "call"])
        let line = try #require(sink.lines.first)
        #expect(line.hasSuffix(" info merged a=provider b=logger c=call\n"))
    }

    @Test("Events under the level are not written, and an error becomes metadata")
    func levelsAndErrors() throws {
        let sink = CollectingSink()
        let logger = Logger(label: "test") { label in
            LineLogHandler(label: label, format: .text, level: .warning, sink: sink)
        }
        logger.info("no")
        logger.error("yes", error: Broken())
        #expect(sink.lines.count == 1)
        #expect(try #require(sink.lines.first).hasSuffix(" error yes error=\"it broke\"\n"))
    }
}

@Suite("Log sink")
struct LogSinkTests {
    @Test("Lines of many threads never mix")
    func wholeLines() async throws {
        let pipe = Pipe()
        let sink = StandardErrorSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let length = 9_000  // more than a pipe takes in one piece
        let reading = Task.detached { try pipe.fileHandleForReading.readToEnd() ?? Data() }
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for _ in 0..<20 { sink.write(String(repeating: "\(writer)", count: length) + "\n") }
                }
            }
        }
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: try await reading.value, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 160)
        #expect(lines.allSatisfy { $0.count == length && Set($0).count == 1 })
    }

    @Test("A descriptor that is closed costs the line and nothing else")
    func closedDescriptor() {
        StandardErrorSink(descriptor: -1).write("lost\n")
    }
}
