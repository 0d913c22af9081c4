// Fuzzes the parser of RESP requests: whatever the bytes are, it says the same when they come in pieces as when they
// come at once. `Fuzz/run` builds and runs it.

import Bytes
import RESP

/// Entry point of libFuzzer: the first byte chooses the size of the pieces and whether the client has authenticated.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let isAuthenticated = start[0] & 1 == 0
    let whole = Reading(bytes, pieceByteCount: bytes.count, isAuthenticated: isAuthenticated)
    let cut = Reading(bytes, pieceByteCount: Int(start[0] >> 1) % 24 + 1, isAuthenticated: isAuthenticated)
    precondition(whole.requests == cut.requests)
    precondition(whole.failure == cut.failure)
    precondition(whole.restByteCount == cut.restByteCount)
    return 0
}

/// What a parser makes of bytes in pieces.
private struct Reading {
    var requests: [[[UInt8]]] = []
    var failure: ProtocolFailure?
    var restByteCount = 0

    init(_ bytes: [UInt8], pieceByteCount: Int, isAuthenticated: Bool) {
        var parser = RequestParser()
        var vector = ArgumentVector()
        var limits = RequestLimits()
        limits.bulkByteCountMax = 1000
        limits.argumentCountMax = 100
        var buffer: [UInt8] = []
        var given = 0
        while given < bytes.count {
            let end = min(given + pieceByteCount, bytes.count)
            buffer += bytes[given..<end]
            given = end
            var offset = 0
            var isHungry = false
            while offset < buffer.count, !isHungry {
                // A copy of its own, so that a byte read behind its end is a finding.
                let taken = Array(buffer[offset...]).withUnsafeBytes { piece in
                    let result = parser.parse(
                        piece, into: &vector, limits: limits, isAuthenticated: isAuthenticated)
                    if case .request = result {
                        requests.append((0..<vector.count).map { vector.arguments[$0].array })
                    }
                    return result
                }
                switch taken {
                case .request(let byteCount), .nothing(let byteCount):
                    precondition(byteCount > 0 && byteCount <= buffer.count - offset)
                    offset += byteCount
                case .incomplete: isHungry = true
                case .failure(let reason):
                    failure = reason
                    restByteCount = 0
                    return
                }
            }
            buffer.removeFirst(offset)
            restByteCount = buffer.count
        }
    }
}
