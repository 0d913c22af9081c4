import Bytes
import Testing

@testable import RESP

@Suite("Replies")
struct ReplyWriterTests {
    private func written(_ version: UInt8, _ body: (ReplyWriter) -> Void) -> String {
        let buffer = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
        buffer.initialize(to: OutputBuffer())
        defer {
            buffer.deinitialize(count: 1)
            buffer.deallocate()
        }
        body(ReplyWriter(output: buffer, version: version))
        return buffer.pointee.readable.text
    }

    private struct Case: Sendable {
        let name: String
        let write: @Sendable (ReplyWriter) -> Void
        let resp2: String
        let resp3: String
    }

    private static let cases: [Case] = [
        Case(name: "ok", write: { $0.ok() }, resp2: "+OK\r\n", resp3: "+OK\r\n"),
        Case(name: "integer", write: { $0.integer(-42) }, resp2: ":-42\r\n", resp3: ":-42\r\n"),
        Case(name: "bulk", write: { $0.bulk("héllo") }, resp2: "$6\r\nhéllo\r\n", resp3: "$6\r\nhéllo\r\n"),
        Case(name: "empty bulk", write: { $0.bulk("") }, resp2: "$0\r\n\r\n", resp3: "$0\r\n\r\n"),
        Case(name: "null", write: { $0.null() }, resp2: "$-1\r\n", resp3: "_\r\n"),
        Case(name: "null array", write: { $0.nullArray() }, resp2: "*-1\r\n", resp3: "_\r\n"),
        Case(name: "map", write: { $0.map(2) }, resp2: "*4\r\n", resp3: "%2\r\n"),
        Case(name: "set", write: { $0.set(3) }, resp2: "*3\r\n", resp3: "~3\r\n"),
        Case(name: "push", write: { $0.push(3) }, resp2: "*3\r\n", resp3: ">3\r\n"),
        Case(name: "boolean", write: { $0.boolean(true) }, resp2: ":1\r\n", resp3: "#t\r\n"),
        Case(name: "double", write: { $0.double(1.5) }, resp2: "$3\r\n1.5\r\n", resp3: ",1.5\r\n"),
        Case(name: "whole double", write: { $0.double(3) }, resp2: "$1\r\n3\r\n", resp3: ",3\r\n"),
        Case(name: "verbatim", write: { $0.verbatim("abc") }, resp2: "$3\r\nabc\r\n", resp3: "=7\r\ntxt:abc\r\n"),
        Case(name: "error", write: { $0.error("ERR a\r\nb") }, resp2: "-ERR a  b\r\n", resp3: "-ERR a  b\r\n"),
    ]

    @Test("Each kind in both versions of the protocol", arguments: 0..<14)
    func kinds(index: Int) {
        let row = Self.cases[index]
        #expect(written(2, row.write) == row.resp2, "\(row.name)")
        #expect(written(3, row.write) == row.resp3, "\(row.name)")
        #expect(Self.cases.count == 14)
    }

    @Test("A length that comes later is put in front")
    func deferredLength() {
        let text = written(2) { reply in
            reply.integer(7)
            let mark = reply.beginAggregate()
            for number in 0..<12 { reply.integer(number) }
            reply.endAggregate(mark, .array, count: 12)
            let empty = reply.beginAggregate()
            reply.endAggregate(empty, .map, count: 0)
        }
        #expect(text == ":7\r\n*12\r\n" + (0..<12).map { ":\($0)\r\n" }.joined() + "*0\r\n")
    }
}
