import Glibc
import MetricText
import NIOCore
import NIOPosix

/// Why a pooler's metrics could not be read.
struct PoolerScrapeFailure: Error, CustomStringConvertible {
    let description: String
}

/// Reads a pooler's `/metrics` through the Unix socket that it has for the control process.
enum PoolerScrape {
    static let socketName = "metrics"
    /// How long it may take in all.
    static let secondsMax = 5
    /// Of the answer's head; that of its body is `PrometheusReader`'s.
    private static let headByteCountMax = 4096

    /// - Throws: `PoolerScrapeFailure`.
    static func families(inDirectory directory: String) async throws -> [MetricFamily] {
        let answer = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await exchange(directory) }
            group.addTask {
                try await Task.sleep(for: .seconds(secondsMax))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let answer = first else {
                throw PoolerScrapeFailure(description: "the pooler did not tell its metrics within \(secondsMax) s")
            }
            return answer
        }
        return try families(answer)
    }

    /// What an answer says, which ends with its connection.
    static func families(_ answer: [UInt8]) throws -> [MetricFamily] {
        let separator = Array("\r\n\r\n".utf8)
        let limit = min(answer.count, headByteCountMax)
        guard answer.starts(with: "HTTP/1.1 200 ".utf8),
            let end = (0..<max(0, limit - 3)).first(where: { answer[$0..<($0 + 4)].elementsEqual(separator) })
        else { throw PoolerScrapeFailure(description: "the pooler's answer is not metrics") }
        let head = String(decoding: answer[..<end], as: UTF8.self)
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
            .flatMap { Int($0.dropFirst("Content-Length: ".count)) }
        let body = answer[(end + 4)...]
        guard body.count == length else { throw PoolerScrapeFailure(description: "the pooler's answer was cut short") }
        return try PrometheusReader.families(String(decoding: body, as: UTF8.self))
    }

    private static func exchange(_ directory: String) async throws -> [UInt8] {
        let channel = try await connect(directory)
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "GET /metrics HTTP/1.0\r\n\r\n"))
            var answer: [UInt8] = []
            for try await piece in inbound {
                answer += piece.readableBytesView
                guard answer.count <= PrometheusReader.byteCountMax + headByteCountMax else {
                    throw PoolerScrapeFailure(description: "the pooler's answer is too long")
                }
            }
            return answer
        }
    }

    private static func connect(_ directory: String) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        do {
            return try await DirectorySocket.connect(directory, socketName)
        } catch {
            throw PoolerScrapeFailure(description: error.description)
        }
    }
}
