import Glibc
import NIOCore
import NIOPosix

/// Why a session with a key-value server failed.
enum KeyValueSessionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server answered with an error, for instance because it is loading its data.
    case refused(String)
    /// The server closed the connection, or answered out of order.
    case connection(String)
    case timeout(seconds: Int)

    var description: String {
        switch self {
        case .refused(let reason): "the server refused: \(reason)"
        case .connection(let reason): reason
        case .timeout(let seconds): "the server did not answer within \(seconds) s"
        }
    }
}

/// A short session of the control process with a key-value server: opened for a task, closed after it.
///
/// It goes through the server's Unix socket, which lies in the cluster's data directory where only root and the cluster's
/// own user pass. A managed server takes whoever comes by it for its control plane, whatever its password is and whoever
/// may connect from the network, so no client can lock the control plane out.
struct KeyValueSession: ~Copyable {
    private var reader = RedisReplyReader()
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    static let secondsMax = 15

    /// Opens a session, gives it to `body`, and closes it.
    ///
    /// - Parameters:
    ///   - directory: where the socket lies.
    ///   - secondsMax: bound on the whole session.
    /// - Throws: `KeyValueSessionError`, or what `body` throws.
    static func run<Result: Sendable>(
        inDirectory directory: String, socketName: String, secondsMax: Int = secondsMax,
        _ body: @escaping @Sendable (inout KeyValueSession) async throws -> Result
    ) async throws -> Result {
        let channel = try await connect(directory, socketName)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await channel.executeThenClose { inbound, outbound in
                    var session = KeyValueSession(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                    return try await body(&session)
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(secondsMax))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else {
                throw KeyValueSessionError.timeout(seconds: secondsMax)
            }
            return result
        }
    }

    private static func connect(
        _ directory: String, _ socketName: String
    ) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        do {
            return try await DirectorySocket.connect(directory, socketName)
        } catch {
            throw KeyValueSessionError.connection(error.description)
        }
    }

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound
        self.outbound = outbound
    }

    /// Sends one command and waits for its reply.
    ///
    /// - Throws: `KeyValueSessionError.refused` when the reply is an error; the session can be used on.
    @discardableResult
    mutating func command(_ words: [String]) async throws -> RedisReply {
        do {
            try await outbound.write(ByteBuffer(bytes: RedisRequest.bytes(words)))
            while true {
                if let reply = try reader.next() {
                    guard case .error(let reason) = reply else { return reply }
                    throw KeyValueSessionError.refused(reason)
                }
                guard let buffer = try await inbound.next(isolation: #isolation) else {
                    throw KeyValueSessionError.connection("the server closed the connection")
                }
                try reader.append(buffer.readableBytesView)
            }
        } catch let error as KeyValueSessionError {
            throw error
        } catch let error as CancellationError {
            throw error
        } catch {
            throw KeyValueSessionError.connection("the connection to the server broke (\(error))")
        }
    }

    /// The fields of INFO's sections.
    mutating func information(_ sections: [String]) async throws -> KeyValueInformation {
        KeyValueInformation(text: try await command(["INFO"] + sections).text ?? "")
    }

    /// Values of directives by name.
    mutating func directives(_ names: [String]) async throws -> [String: String] {
        guard case .array(let elements?) = try await command(["CONFIG", "GET"] + names) else { return [:] }
        var values: [String: String] = [:]
        for index in stride(from: 0, to: elements.count - 1, by: 2) {
            if let name = elements[index].text { values[name] = elements[index + 1].text }
        }
        return values
    }
}
