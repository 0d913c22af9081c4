import Foundation
import Glibc
import PoolerConfiguration
import PoolerSessions
import Testing

@testable import PoolerServer

/// The socket that the system's log listens at, in a place of the test's own.
final class SystemLogSocket {
    let path: String
    private let descriptor: Int32

    struct Failure: Error { let code: Int32 }

    init(path: String = NSTemporaryDirectory() + "log-\(UUID().uuidString.prefix(8))") throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure(code: errno) }
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    /// The next line, if there is one.
    func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite("Lines for the system's log")
struct SystemLogTests {
    @Test func lineHasTheFormOfTheLibrary() throws {
        let socket = try SystemLogSocket()
        SystemLog(path: socket.path, identity: "atoll", facility: .daemon).write(.log, "process up")
        let line = try #require(socket.receive())
        #expect(line.contains(/^<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d atoll\[\d+\]: process up$/))
        #expect(line.contains("[\(getpid())]"))
    }

    @Test(
        arguments: [
            (.fatal, .daemon, 26), (.error, .daemon, 27), (.warning, .daemon, 28), (.log, .daemon, 30),
            (.debug, .daemon, 31), (.noise, .daemon, 31), (.log, .user, 14), (.log, .auth, 38),
            (.log, .authpriv, 86), (.log, .local0, 134), (.log, .local7, 190),
        ] as [(PoolerLogLevel, SyslogFacility, Int)])
    func priorities(_ level: PoolerLogLevel, _ facility: SyslogFacility, _ number: Int) {
        #expect(SystemLog.priority(level, facility) == number)
    }

    /// The log's own process may come late, and begin anew.
    @Test func lostSocketIsFoundAgain() throws {
        var socket: SystemLogSocket? = try SystemLogSocket()
        let path = socket?.path ?? ""
        let log = SystemLog(path: path, identity: "a", facility: .user)
        log.write(.log, "one")
        #expect(socket?.receive()?.hasSuffix("one") == true)
        socket = nil
        log.write(.log, "lost")
        socket = try SystemLogSocket(path: path)
        log.write(.log, "two")
        #expect(socket?.receive()?.hasSuffix("two") == true)
    }
}
