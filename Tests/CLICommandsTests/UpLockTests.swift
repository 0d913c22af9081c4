import ControlReconciler
import Foundation
import Glibc
import Testing

@testable import CLICommands

@Suite("Lock of a data directory")
struct UpLockTests {
    private let fixture: DataDirectoryFixture
    private var path: String { fixture.parent + "/control.lock" }

    init() throws {
        fixture = try DataDirectoryFixture()
    }

    @Test("Nobody holds a lock that is not there, and asking does not make it")
    func absent() {
        #expect(ControlLock.holder(path: path) == nil)
        #expect(!DurableFile.exists(path))
    }

    @Test("The holder is named while it holds, in a file for the owner only")
    func holder() throws {
        let lock = try ControlLock(path: path)
        #expect(ControlLock.holder(path: path) == getpid())
        #expect(DurableFile.read(path) == "\(getpid())\n")
        #expect(DurableFile.mode(path) == 0o600)
        _ = consume lock
        #expect(ControlLock.holder(path: path) == nil)
    }

    @Test("A second holder is refused with the first one's process, and the first one keeps the lock")
    func second() throws {
        let lock = try ControlLock(path: path)
        let error = try #require(throws: CommandError.self) { _ = try ControlLock(path: path) }
        #expect(error.message == "Atoll already runs on this data directory (process \(getpid())).")
        #expect(error.advice?.contains("atoll down") == true)
        #expect(ControlLock.holder(path: path) == getpid())
        _ = consume lock
    }

    @Test("A lock that was released can be taken again, and its file is empty meanwhile")
    func released() throws {
        for _ in 0..<3 {
            let lock = try ControlLock(path: path)
            _ = consume lock
            #expect(DurableFile.read(path)?.isEmpty == true)
        }
    }

    @Test("A pid that a killed process left counts for nothing")
    func stale() throws {
        try DurableFile.write("1234567\nmore than the pid of the next one\n", to: path, mode: 0o600)
        #expect(ControlLock.holder(path: path) == nil)
        let lock = try ControlLock(path: path)
        #expect(DurableFile.read(path) == "\(getpid())\n")
        _ = consume lock
    }

    @Test("A lock that cannot be opened is said so")
    func noDirectory() throws {
        let path = fixture.parent + "/none/control.lock"
        let error = try #require(throws: CommandError.self) { _ = try ControlLock(path: path) }
        #expect(error.message == "\(path) cannot be opened: No such file or directory")
    }
}
