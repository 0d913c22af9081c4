import Bytes

@testable import TLS

/// A server and a client whose ciphertext goes from one to the other in pieces of a chosen size.
struct SessionPair: ~Copyable {
    var server: TLSSession
    var client: TLSSession
    var pieceByteCount = Int.max
    private(set) var atServer: [UInt8] = []
    private(set) var atClient: [UInt8] = []
    private(set) var serverFailure: String?
    private(set) var clientFailure: String?
    private(set) var hasServerEnded = false
    private(set) var hasClientEnded = false

    init(_ server: TLSServerContext, _ client: TLSClientContext, name: String) throws {
        self.server = TLSSession(server: server)
        self.client = try TLSSession(client: client, serverName: name)
    }

    /// Passes everything on until both are silent.
    mutating func settle() {
        while !server.outgoing.isEmpty || !client.outgoing.isEmpty {
            Self.pass(&client, &server, pieceByteCount, &atServer, &serverFailure, &hasServerEnded)
            Self.pass(&server, &client, pieceByteCount, &atClient, &clientFailure, &hasClientEnded)
        }
    }

    private static func pass(
        _ from: inout TLSSession, _ to: inout TLSSession, _ pieceByteCount: Int, _ received: inout [UInt8],
        _ failure: inout String?, _ hasEnded: inout Bool
    ) {
        let room = UnsafeMutableRawPointer.allocate(byteCount: TLSSession.recordByteCountMax, alignment: 8)
        defer { room.deallocate() }
        while !from.outgoing.isEmpty {
            let count = min(pieceByteCount, from.outgoing.count)
            let piece = from.outgoing.readable.slice(0, count).array
            from.outgoing.consume(count)
            piece.withUnsafeBytes { bytes in
                to.feed(bytes)
                reading: while true {
                    switch to.read(into: room, capacity: TLSSession.recordByteCountMax) {
                    case .bytes(let count): received += ByteSlice(start: room, count: count).array
                    case .established: continue
                    case .needsMore: break reading
                    case .ended:
                        hasEnded = true
                        break reading
                    case .failed(let text):
                        if failure == nil { failure = text }
                        break reading
                    }
                }
                _ = to.takeUnread()
            }
        }
    }

    mutating func send(fromClient bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let taken = client.write(bytes.slice(sent, bytes.count))
                guard taken > 0 else { return }
                sent += taken
            }
        }
        settle()
    }

    mutating func send(fromServer bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let taken = server.write(bytes.slice(sent, bytes.count))
                guard taken > 0 else { return }
                sent += taken
            }
        }
        settle()
    }
}
