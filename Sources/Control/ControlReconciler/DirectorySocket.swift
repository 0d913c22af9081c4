import Glibc
import NIOCore
import NIOPosix

/// Connections to a Unix socket of one of our processes, named by its directory.
enum DirectorySocket {
    /// Why there is no connection, for the caller's own error.
    struct Failure: Error {
        let description: String
    }

    /// Connects to `name` in a directory. A Unix address holds 107 bytes, a data directory's path may have more: the way
    /// goes through a descriptor. Throws `Failure`.
    static func connect(
        _ directory: String, _ name: String
    ) async throws(Failure) -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(description: "there is no directory \(directory)") }
        defer { close(descriptor) }
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: "/proc/self/fd/\(descriptor)/\(name)") { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw Failure(description: "nothing takes connections at \(directory)/\(name) (\(error))")
        }
    }
}
