import Glibc
import Testing

@testable import KeyValuePersistence

/// Which files a path stands for.
@Suite struct AppendOnlySetTests {
    /// A directory of files with these contents, removed at the end.
    private static func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
        var template = Array("/tmp/atoll-set-XXXXXX".utf8CString)
        let path = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for name in files.keys { unlink("\(path)/\(name)") }
            rmdir(path)
        }
        for (name, text) in files {
            let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT, 0o600)
            let bytes = Array(text.utf8)
            #expect(write(descriptor, bytes, bytes.count) == bytes.count)
            close(descriptor)
        }
        try body(path)
    }

    private static let manifest = """
        # ours
        file a.2.base.rdb seq 2 type b
        file a.1.incr.aof seq 1 type h
        file a.2.incr.aof seq 2 type i
        file a.3.incr.aof seq 3 type i

        """

    @Test(arguments: ["", "/", "/a.manifest"]) func namesWhatIsLoadedInOrder(_ suffix: String) throws {
        let files = ["a.manifest": Self.manifest, "a.1.incr.aof": "", "a.9.incr.aof": "", "temp-a.manifest": ""]
        try Self.withFiles(files) { path in
            let set = try AppendOnlySet(path: path + suffix)
            #expect(set.manifestName == "a.manifest")
            #expect(set.members.map(\.name) == ["a.2.base.rdb", "a.2.incr.aof", "a.3.incr.aof"])
            #expect(set.members.map(\.role) == [.base, .increment, .increment])
            #expect(set.members.allSatisfy { $0.path == "\(path)/\($0.name)" })
            #expect(set.historyCount == 1)
            #expect(set.strangers == ["a.9.incr.aof", "temp-a.manifest"])
        }
    }

    @Test func knowsAManifestOfAnyNameByItsContent() throws {
        try Self.withFiles(["list": Self.manifest]) { path in
            #expect(AppendOnlySet.isSet("\(path)/list"))
            let set = try AppendOnlySet(path: "\(path)/list")
            #expect(set.members.count == 3)
        }
    }

    @Test(arguments: [
        "*3\r\n$3\r\nSET\r\n$4\r\nfile\r\n$4\r\nfile\r\n", "#TS:1\r\n*1\r\n$4\r\nPING\r\n", "REDIS0011", "",
    ])
    func takesAnythingElseAsOneFile(_ content: String) throws {
        try Self.withFiles(["one": content]) { path in
            let set = try AppendOnlySet(path: "\(path)/one")
            #expect(set.manifestName == nil)
            #expect(set.members == [.init(name: "\(path)/one", path: "\(path)/one", role: .whole)])
        }
    }

    @Test func refusesADirectoryThatIsNotClear() throws {
        try Self.withFiles(["temp-a.manifest": "", "a.aof": ""]) { path in
            let failure = #expect(throws: AppendOnlyFailure.self) { try AppendOnlySet(path: path) }
            #expect(failure?.reason.hasPrefix("There is no manifest") == true)
        }
        try Self.withFiles(["b.manifest": "", "a.manifest": ""]) { path in
            let failure = #expect(throws: AppendOnlyFailure.self) { try AppendOnlySet(path: path) }
            #expect(failure?.reason.hasSuffix("name one of them: a.manifest, b.manifest") == true)
        }
    }

    @Test(arguments: [("", "Found an empty AOF manifest"), ("file a seq 1 type x\n", "line 1, "), ("file", "too long")])
    func saysWhatIsWrongWithAManifest(_ text: String, _ reason: String) throws {
        try Self.withFiles(["a.manifest": text]) { path in
            let failure = #expect(throws: AppendOnlyFailure.self) { try AppendOnlySet(path: path) }
            #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "")")
        }
    }

    @Test func saysThatAManifestIsMissing() {
        let failure = #expect(throws: AppendOnlyFailure.self) { try AppendOnlySet(path: "/nowhere/a.manifest") }
        #expect(failure?.reason == "can't open the AOF manifest file a.manifest for reading: No such file or directory")
    }
}
