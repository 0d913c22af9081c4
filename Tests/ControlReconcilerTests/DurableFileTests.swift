import Foundation
import Glibc
import Testing

@testable import ControlReconciler

@Suite("Durable files")
struct DurableFileTests {
    private let directory: TestDirectory

    init() throws {
        directory = try TestDirectory()
    }

    private func attribute<Value>(_ key: FileAttributeKey, _ path: String) -> Value? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[key] as? Value
    }

    private func mode(_ path: String) -> Int? { attribute(.posixPermissions, path) }
    private func inode(_ path: String) -> UInt64? { attribute(.systemFileNumber, path) }

    @Test("A file gets its text and mode whatever the umask is", arguments: [UInt32(0o600), 0o640, 0o644, 0o666])
    func modes(_ mode: UInt32) throws {
        let path = directory.file("a")
        try DurableFile.write("text\n", to: path, mode: mode)
        #expect(DurableFile.read(path) == "text\n")
        #expect(self.mode(path) == Int(mode))
        #expect(directory.names == ["a"])
    }

    @Test("A flat directory goes with its files; what its links lead to stays, and a directory in it stops it")
    func flatDirectory() throws {
        let flat = directory.file("flat")
        try DurableFile.removeFlatDirectory(flat)
        try DurableFile.write("kept", to: directory.file("outside"), mode: 0o600)
        for round in 0..<2 {
            try FileManager.default.createDirectory(atPath: flat, withIntermediateDirectories: true)
            try DurableFile.write("x", to: "\(flat)/a", mode: 0o600)
            symlink(directory.file("outside"), "\(flat)/link")
            symlink(directory.path, "\(flat)/directory")
            guard round == 1 else {
                try DurableFile.removeFlatDirectory(flat)
                #expect(directory.names == ["outside"])
                continue
            }
            try FileManager.default.createDirectory(atPath: "\(flat)/inside", withIntermediateDirectories: false)
            #expect(throws: FileFailure.self) { try DurableFile.removeFlatDirectory(flat) }
            #expect(DurableFile.exists("\(flat)/inside"))
        }
        symlink(directory.path, directory.file("other"))
        #expect(throws: FileFailure.self) { try DurableFile.removeFlatDirectory(directory.file("other")) }
        #expect(DurableFile.read(directory.file("outside")) == "kept")
    }

    @Test("A file is replaced as a whole: text, mode and inode")
    func replaces() throws {
        let path = directory.file("a")
        try DurableFile.write(String(repeating: "long", count: 1000), to: path, mode: 0o644)
        let before = try #require(inode(path))
        let reader = open(path, O_RDONLY)
        defer { close(reader) }
        try DurableFile.write("", to: path, mode: 0o600)
        #expect(DurableFile.read(path)?.isEmpty == true && mode(path) == 0o600)
        #expect(inode(path) != before)
        // Who had the old one open still reads the old one.
        #expect(lseek(reader, 0, SEEK_END) == 4000)
    }

    @Test("What an earlier, killed write left beside is overwritten, and a link there is not followed")
    func leftovers() throws {
        try Data("junk".utf8).write(to: URL(fileURLWithPath: directory.file("a.new")))
        try DurableFile.write("a", to: directory.file("a"), mode: 0o600)
        #expect(directory.names == ["a"])
        try Data("precious".utf8).write(to: URL(fileURLWithPath: directory.file("other")))
        symlink(directory.file("other"), directory.file("a.new"))
        try DurableFile.write("b", to: directory.file("a"), mode: 0o600)
        #expect(DurableFile.read(directory.file("other")) == "precious")
        #expect(DurableFile.read(directory.file("a")) == "b")
    }

    @Test("A link at the name itself is replaced, not followed")
    func linkAtName() throws {
        try Data("precious".utf8).write(to: URL(fileURLWithPath: directory.file("other")))
        symlink(directory.file("other"), directory.file("a"))
        try DurableFile.write("b", to: directory.file("a"), mode: 0o600)
        #expect(DurableFile.read(directory.file("other")) == "precious")
        #expect(attribute(.type, directory.file("a")) == FileAttributeType.typeRegular)
    }

    @Test("A write that fails leaves the old file, and says what failed on which path")
    func failureKeepsOld() throws {
        let path = directory.file("a")
        try DurableFile.write("old", to: path, mode: 0o600)
        mkdir("\(path).new", 0o700)
        let error = try #require(throws: FileFailure.self) { try DurableFile.write("new", to: path, mode: 0o600) }
        #expect(error.description.hasPrefix("could not create \(path).new: "))
        #expect(DurableFile.read(path) == "old")
    }

    @Test("A rename that fails leaves nothing beside")
    func failedRename() throws {
        let path = directory.file("a")
        mkdir(path, 0o700)
        let error = try #require(throws: FileFailure.self) { try DurableFile.write("new", to: path, mode: 0o600) }
        #expect(error.errorNumber == EISDIR)
        #expect(directory.names == ["a"])
    }

    @Test("A directory that is not there is said so")
    func noDirectory() throws {
        let path = directory.file("none/a")
        let error = try #require(throws: FileFailure.self) { try DurableFile.write("", to: path, mode: 0o600) }
        #expect(error.errorNumber == ENOENT)
        #expect(error.description == "could not create \(path).new: No such file or directory")
    }

    /// Only root may give files away; anybody may give one to itself.
    private static let owner: DurableFile.Owner =
        geteuid() == 0
        ? DurableFile.Owner(userID: 12_345, groupID: 23_456)
        : DurableFile.Owner(userID: geteuid(), groupID: getegid())

    @Test("Files and directories get their owner")
    func owners() throws {
        try DurableFile.write("x", to: directory.file("a"), mode: 0o640, owner: Self.owner)
        try DurableFile.makeDirectory(directory.file("d"), mode: 0o750, owner: Self.owner)
        for name in ["a", "d"] {
            let path = directory.file(name)
            #expect(attribute(.ownerAccountID, path) == Int(Self.owner.userID))
            #expect(attribute(.groupOwnerAccountID, path) == Int(Self.owner.groupID))
        }
        #expect(mode(directory.file("a")) == 0o640 && mode(directory.file("d")) == 0o750)
    }

    @Test(
        "A file that may not be given away is not left behind", .enabled(if: geteuid() != 0, "root may give anything"))
    func ownerRefused() throws {
        let other = DurableFile.Owner(userID: 0, groupID: 0)
        #expect(throws: FileFailure.self) {
            try DurableFile.write("x", to: directory.file("a"), mode: 0o640, owner: other)
        }
        #expect(directory.names.isEmpty)
    }

    @Test("A directory is made, or brought to its mode", arguments: [UInt32(0o700), 0o711, 0o755, 0o777])
    func directoryModes(_ mode: UInt32) throws {
        let path = directory.file("d")
        try DurableFile.makeDirectory(path, mode: mode)
        #expect(self.mode(path) == Int(mode))
        chmod(path, 0o500)
        try DurableFile.write("x", to: directory.file("kept"), mode: 0o600)
        try DurableFile.makeDirectory(path, mode: mode)
        #expect(self.mode(path) == Int(mode))
        let error = try #require(throws: FileFailure.self) {
            try DurableFile.makeDirectory(directory.file("none/d"), mode: mode)
        }
        #expect(error.description.contains("could not make the directory"))
    }

    @Test("Reading takes no more than its limit, and nothing where there is nothing")
    func reading() throws {
        let path = directory.file("a")
        #expect(DurableFile.read(path) == nil && !DurableFile.exists(path))
        try DurableFile.write(String(repeating: "x", count: 100_000), to: path, mode: 0o600)
        #expect(DurableFile.exists(path))
        #expect(DurableFile.read(path)?.utf8.count == 100_000)
        #expect(DurableFile.read(path, bytesMax: 20_000)?.utf8.count == 20_000)
        #expect(DurableFile.read(directory.path) == nil)
    }

    @Test("What another OS user may have put there neither holds us up nor leads elsewhere")
    func readingForeignFiles() throws {
        let (file, link, pipe) = (directory.file("file"), directory.file("link"), directory.file("pipe"))
        try DurableFile.write("secret", to: file, mode: 0o600)
        #expect(symlink(file, link) == 0 && mkfifo(pipe, 0o600) == 0)
        #expect(DurableFile.read(link) == "secret")
        #expect(DurableFile.read(link, followsLinks: false) == nil)
        // Nobody writes into the pipe: reading it would wait for ever.
        #expect(DurableFile.read(pipe) == nil)
    }

    static let tails: [(String, Int, String)] = [
        ("", 10, ""), ("abc", 10, "abc"), ("abc", 3, "abc"), ("abcdef", 3, "def"), ("abc", 0, ""),
        ("aéz", 2, "\u{FFFD}z"),
    ]

    @Test("A tail is the last bytes, also cut inside a character", arguments: tails)
    func readTail(text: String, bytesMax: Int, expected: String) throws {
        let path = directory.file("a")
        try DurableFile.write(text, to: path, mode: 0o600)
        #expect(DurableFile.readTail(path, bytesMax: bytesMax) == expected)
        #expect(DurableFile.readTail(directory.file("none"), bytesMax: 5).isEmpty)
    }

    @Test("Readers see the old text or the new one, and never a part", .timeLimit(.minutes(1)))
    func atomicity() async throws {
        let path = directory.file("a")
        let texts = ["a", "b"].map { String(repeating: $0, count: 50_000) }
        try DurableFile.write(texts[0], to: path, mode: 0o600)
        // Both sides end by themselves and give way: other tests share the two or so threads there are.
        let broken = await withTaskGroup(of: Int.self) { group in
            group.addTask {
                var broken = 0
                for _ in 0..<500 {
                    if !texts.contains(DurableFile.read(path) ?? "") { broken += 1 }
                    await Task.yield()
                }
                return broken
            }
            group.addTask {
                var failed = 0
                for round in 0..<50 {
                    do { try DurableFile.write(texts[round % 2], to: path, mode: 0o600) } catch { failed += 1 }
                    await Task.yield()
                }
                return failed
            }
            return await group.reduce(0, +)
        }
        #expect(broken == 0)
        #expect(directory.names == ["a"])
    }
}

@Suite("Port probe")
struct PortProbeTests {
    /// A listening socket on 127.0.0.1, at a port that the system chose.
    private struct Listener: ~Copyable {
        let descriptor: Int32
        var port = 0

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    bind(descriptor, generic, length) == 0 && listen(descriptor, 1) == 0
                        && getsockname(descriptor, generic, &length) == 0
                }
            }
            try #require(isBound)
            port = Int(UInt16(bigEndian: address.sin_port))
        }

        deinit { close(descriptor) }
    }

    @Test(
        "A port that somebody listens on is not free, by whatever address",
        arguments: ["127.0.0.1", "0.0.0.0", "127.0.0.2"])
    func taken(_ address: String) throws {
        let listener = try Listener()
        #expect(!PortProbe.isFree(listener.port, address: address))
    }

    @Test("A port is free again when its listener has ended")
    func free() throws {
        let listener = try Listener()
        let port = listener.port
        _ = consume listener
        #expect(PortProbe.isFree(port, address: "127.0.0.1"))
        #expect(PortProbe.isFree(port, address: "0.0.0.0"))
    }

    @Test("What is no address of this machine is not free", arguments: ["localhost", "", "203.0.113.7", "x"])
    func noAddress(_ address: String) {
        #expect(!PortProbe.isFree(25_060, address: address))
    }
}
