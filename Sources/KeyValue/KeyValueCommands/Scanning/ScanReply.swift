import Bytes
import Glibc
import Keyspace
import RESP

/// The reply of SCAN and its kin, written as elements are met: the cursor and the count, which stand before them, are
/// known last.
struct ScanReply {
    private let reply: ReplyWriter
    private let mark: Int
    private(set) var elementCount = 0

    init(_ reply: ReplyWriter) {
        self.reply = reply
        mark = reply.beginAggregate()
    }

    /// Adds an element.
    mutating func add(_ element: ByteSlice) {
        reply.bulk(element)
        elementCount += 1
    }

    /// Adds an element.
    mutating func add(_ element: ListPackValue) {
        reply.element(element)
        elementCount += 1
    }

    /// Completes the reply.
    func finish(cursor: UInt64) {
        reply.prepend(mark) {
            reply.array(2)
            Self.write(cursor, to: reply)
            reply.array(elementCount)
        }
    }

    /// The reply for a key that is not there.
    static func empty(_ reply: ReplyWriter) {
        reply.raw("*2\r\n$1\r\n0\r\n*0\r\n")
    }

    /// Cursors have 64 bits without a sign.
    private static func write(_ cursor: UInt64, to reply: ReplyWriter) {
        if let small = Int64(exactly: cursor) { return reply.bulk(integer: small) }
        reply.bulk(String(cursor))
    }
}

extension ReplyWriter {
    /// A bulk string with an element of a collection.
    @inline(__always)
    func element(_ value: ListPackValue) { bulk(value) }

    /// Puts what the body appends in front of all that was appended since the mark.
    /// - Complexity: O(bytes appended since).
    func prepend(_ mark: Int, _ body: () -> Void) {
        let end = output.pointee.count
        body()
        let headByteCount = output.pointee.count - end
        withUnsafeTemporaryAllocation(byteCount: headByteCount, alignment: 1) { saved in
            guard let scratch = saved.baseAddress, let start = output.pointee.readable.baseAddress else { return }
            let base = UnsafeMutableRawPointer(mutating: start)
            memcpy(scratch, base + end, headByteCount)
            memmove(base + mark + headByteCount, base + mark, end - mark)
            memcpy(base + mark, scratch, headByteCount)
        }
    }
}
