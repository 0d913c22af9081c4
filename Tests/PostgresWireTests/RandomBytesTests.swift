import PostgresWire
import SeededRandom
import Testing

/// Whatever arrives: an error or a value, never a trap. Spans trap when read outside, so that counts as a crash.
@Suite struct RandomBytesTests {
    @Test(arguments: UInt64(1)...20)
    func randomBodiesAreDecodedOrRefused(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let types = (0...255).map { Unicode.Scalar(UInt8($0)) }
        for _ in 0..<500 {
            let bytes = randomBytes(&generator)
            for type in [types[Int.random(in: 0...255, using: &generator)]]
                + knownTypes.shuffled(using: &generator).prefix(3)
            {
                _ = try? Describe.backend(frame(type, bytes))
                _ = try? Describe.frontend(frame(type, bytes))
            }
            _ = try? Describe.backend(bytes)
            _ = try? Describe.startup(bytes)
            let length = UInt8(min(bytes.count + 8, 255))
            _ = try? Describe.startup([0, 0, 0, length, 0, 3, 0, 0] + bytes)
        }
    }

    /// Messages with some bytes changed come nearer to the edges than noise.
    @Test(arguments: UInt64(1)...20)
    func changedMessagesAreDecodedOrRefused(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for message in backendCases + frontendCases + startupCases {
            for _ in 0..<20 {
                var bytes = message.bytes
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
                        in: .min ... .max, using: &generator)
                }
                _ = try? Describe.backend(bytes)
                _ = try? Describe.frontend(bytes)
                _ = try? Describe.startup(bytes)
            }
        }
    }

    /// A session fed changed messages never traps, and stays closed after an error.
    @Test(arguments: UInt64(1)...20)
    func sessionSurvivesAnyServer(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var client = ClientSession(user: "u", database: "d", password: nil)
            _ = try client.start()
            _ = try client.receive(written { $0.authenticationOk() })
            for _ in 0..<20 {
                var bytes = backendCases[Int.random(in: backendCases.indices, using: &generator)].bytes
                if Bool.random(using: &generator) {
                    bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
                        in: .min ... .max, using: &generator)
                }
                if client.isIdle { _ = try client.query("SELECT 1") }
                guard (try? client.receive(bytes)) != nil else {
                    #expect(client.isClosed)
                    break
                }
            }
        }
    }

    /// Every way of cutting the stream in two gives the same messages.
    @Test func splitAnywhereIsTheSameAsWhole() throws {
        let bytes = backendCases.flatMap(\.bytes)
        let whole = try Describe.backend(bytes)
        for cut in bytes.indices {
            let part = Array(bytes[..<cut])
            var first = FrameReader(part.span)
            while try first.next() != nil {}
            let head = try Describe.backend(Array(bytes[..<first.consumedByteCount]))
            let tail = try Describe.backend(Array(bytes[first.consumedByteCount...]))
            #expect([head, tail].filter { !$0.isEmpty }.joined(separator: "; ") == whole)
        }
    }

    private var knownTypes: [Unicode.Scalar] {
        (BackendMessageType.allCases.map(\.rawValue) + FrontendMessageType.allCases.map(\.rawValue))
            .map { Unicode.Scalar($0) }
    }

    private func randomBytes(_ generator: inout SeededGenerator) -> [UInt8] {
        let small: [UInt8] = [0, 0, 0, 1, 2, 255, 0x61]
        let isSmall = Bool.random(using: &generator)
        return (0..<Int.random(in: 0...40, using: &generator)).map { _ in
            isSmall
                ? small[Int.random(in: small.indices, using: &generator)]
                : .random(in: .min ... .max, using: &generator)
        }
    }
}
