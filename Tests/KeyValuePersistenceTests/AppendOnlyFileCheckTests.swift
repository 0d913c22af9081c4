import Bytes
import Glibc
import RESP
import Testing

@testable import KeyValuePersistence

/// A request of words between single spaces, as the file has it.
private func request(_ line: String) -> String {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    return words.reduce("*\(words.count)\r\n") { $0 + "$\($1.utf8.count)\r\n\($1)\r\n" }
}

/// The check of one file's commands.
@Suite struct AppendOnlyFileCheckTests {
    /// 3 requests in 77 bytes and 19 lines.
    private static let start = request("SELECT 0") + request("SET a 1") + request("SET b 2")

    private static func check(
        _ text: String, from offset: Int64 = 0, untilSeconds: Int64? = nil,
        refusal: @escaping (Arguments) -> String? = { _ in nil }
    ) -> AppendOnlyFileCheck.Report {
        var template = Array("/tmp/atoll-check-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        unlink(template)
        defer { close(file) }
        let bytes = Array(text.utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        return AppendOnlyFileCheck(
            descriptor: file, from: offset, byteCount: Int64(bytes.count), untilSeconds: untilSeconds,
            refusal: refusal
        ).run()
    }

    @Test func tellsWhatIsInAWholeFile() {
        let report = Self.check(
            "#TS:100\r\n" + Self.start + request("multi") + request("DEL a") + request("Exec")
                + "#other\r\n#TS:200\r\n" + request("SET  "))
        #expect(report.damage == nil && report.isLoadable)
        #expect(report.requestCount == 7)
        #expect(report.times?.first == 100 && report.times?.last == 200)
        #expect(report.wholeLineNumber == 1 + 19 + 3 + 5 + 3 + 7)
        #expect(Self.check("").damage == nil)
    }

    /// What redis-check-aof finds as well, at the same places.
    @Test(
        arguments: [
            ("*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$3\r\n3", 0x65, "4 bytes of an argument are missing"),
            ("*3\r\n$3\r\nSET\r\n$1\r\nc\r\n$3\r\n333\r", 0x65, "1 bytes of an argument are missing"),
            ("*3\r\n$3", 0x51, "ends within a request"), ("*3", 77, "ends within a request"),
            ("*1\r\n$99999999999\r\nabc\r\n", 0x5F, "99999999996 bytes of an argument are missing"),
            ("garbage\r\n", 77, "expected '*', got 'g'"), ("\u{1}", 77, "got byte 0x1"),
            ("*2\r\n%3\r\nGET\r\n$1\r\na\r\n", 0x51, "expected '$', got '%'"),
            ("*1\r\n$-1\r\n", 0x51, "invalid bulk length"), ("*1\rX$4\r\nPING\r\n", 79, "end of a line"),
            ("*1\r\n$4\rXPING\r\n", 83, "end of a line"), ("*1\r\n$4\r\nPINGXX", 89, "end of a line"),
            ("*0\r\n", 77, "a request without words"), ("*-1\r\n", 77, "a request without words"),
            ("*x\r\n", 77, "invalid multibulk length"), ("#TS:1", 77, "ends within a request"),
            (request("MULTI") + request("SET c 1"), 77, "before the EXEC of this MULTI"),
            (request("MULTI") + request("SET c 1") + "*1\r\n$4\r\nEXE", 127, "3 bytes of an argument are missing"),
            (request("MULTI") + request("SET c 1") + request("MULTI") + request("EXEC"), 119, "MULTI within"),
            (request("EXEC"), 77, "EXEC without MULTI"),
        ] as [(String, Int, String)])
    func findsDamage(_ tail: String, _ offset: Int, _ text: String) {
        let report = Self.check(Self.start + tail)
        #expect(report.damage?.text.contains(text) == true, "\(report.damage?.text ?? "nothing")")
        #expect(report.damage?.offset == Int64(offset))
        #expect(report.damage?.isCurable == true)
        #expect(report.wholeByteCount == 77)
        #expect(report.wholeLineNumber == 20)
        #expect(!report.isLoadable)
    }

    /// A length that is wrong by one and fits what follows by chance.
    @Test func findsAWrongLengthBehindWhichTheFileGoesOn() {
        let report = Self.check(Self.start + "*3\r\n$3\r\nSET\r\n$3\r\ncccc\r\n$1\r\n3\r\n" + Self.start)
        #expect(report.damage != nil)
        #expect(report.wholeByteCount == 77)
    }

    @Test func beginsBehindASnapshot() {
        let report = Self.check("REDIS?" + Self.start + "*", from: 6)
        #expect(report.wholeByteCount == 83)
        #expect(report.damage?.offset == 83)
        #expect(report.requestCount == 3)
    }

    /// More than what is read at once, and an argument that is longer than that.
    @Test func readsOnOverTheEndOfTheBuffer() {
        let long = String(repeating: "x", count: 3 << 20)
        let many = String(repeating: Self.start, count: 40_000)
        let report = Self.check(many + request("SET long \(long)") + many + "*1\r\n$9\r\n")
        #expect(report.requestCount == 240_001)
        #expect(report.damage?.text.contains("11 bytes") == true)
        #expect(report.wholeByteCount == Int64(2 * many.utf8.count + request("SET long \(long)").utf8.count))
    }

    @Test func countsWhatAServerRefuses() {
        let report = Self.check(Self.start + request("BLA") + request("SET c 1") + request("BLA x")) {
            $0[0].equalsIgnoringCase("bla") ? "no \($0.count)" : nil
        }
        #expect(report.damage == nil && !report.isLoadable)
        #expect(report.refusedCount == 2)
        #expect(report.refusal == .init(text: "no 1", offset: 77, isCurable: false))
    }

    // MARK: - Times

    private static let timed =
        "#TS:100\r\n" + request("SET a 1") + "#TS:200\r\n" + request("MULTI") + "#TS:300\r\n" + request("SET b 1")
        + request("EXEC") + "#TS:400\r\n*"

    @Test(arguments: [(50, 0), (100, 36), (199, 36), (200, 45), (300, nil), (350, nil)] as [(Int64, Int64?)])
    func findsWhatIsLater(_ seconds: Int64, _ offset: Int64?) {
        let report = Self.check(Self.timed, untilSeconds: seconds)
        // A transaction goes as a whole.
        let last = Int64(Self.timed.utf8.count - 10)
        #expect(report.laterOffset == offset ?? last)
        #expect(report.damage == nil)
    }

    @Test func findsNothingLaterAtTheEnd() {
        let report = Self.check(Self.timed, untilSeconds: 400)
        #expect(report.laterOffset == nil)
        #expect(report.damage?.text.contains("ends within") == true)
    }
}
