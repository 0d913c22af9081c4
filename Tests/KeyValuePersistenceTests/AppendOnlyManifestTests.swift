import Bytes
import Testing

@testable import KeyValuePersistence

/// The list of files of an append-only file.
@Suite struct AppendOnlyManifestTests {
    private func read(_ text: String) throws(AppendOnlyFailure) -> AppendOnlyManifest {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { bytes in
            Result { () throws(AppendOnlyFailure) in try AppendOnlyManifest(bytes) }
        }.get()
    }

    @Test func readsWhatRedisWrites() throws {
        let text = """
            file a.2.base.rdb seq 2 type b
            file a.1.incr.aof seq 1 type h
            file a.3.incr.aof seq 3 type i
            file "a b.4.incr.aof" seq 4 type i
            file "a\\n\\x01.5.incr.aof" seq 5 type i

            """
        let manifest = try read("# a comment\n" + text)
        #expect(manifest.base?.name == "a.2.base.rdb")
        #expect(manifest.increments.map(\.name) == ["a.3.incr.aof", "a b.4.incr.aof", "a\n\u{1}.5.incr.aof"])
        #expect(manifest.history.map(\.sequence) == [1])
        #expect(manifest.incrementSequence == 5)
        #expect(manifest.text == text)
    }

    @Test func unknownPairsAreForLaterVersions() throws {
        #expect(try read("FILE a.1.incr.aof SEQ 1 Type i size 100\n").increments.count == 1)
    }

    @Test(arguments: [
        ("", "Found an empty AOF manifest"), ("\n", "Invalid AOF manifest file format"),
        ("file a seq 1 type b", "too long line"), ("file a seq 1\n", "Invalid"), ("file a seq 1 type\n", "Invalid"),
        ("file a seq x type i\n", "Invalid"), ("file a seq 1 type x\n", "Unknown AOF file type"),
        ("file a/b seq 1 type i\n", "can't be a path"), ("file \"a seq 1 type i\n", "Invalid"),
        ("file a seq 1 type b\nfile b seq 2 type b\n", "duplicate base"),
        ("file a seq 2 type i\nfile b seq 2 type i\n", "non-monotonic"),
        ("file " + String(repeating: "x", count: 1100) + " seq 1 type i\n", "too long line"),
    ])
    func refuses(_ text: String, _ reason: String) {
        let failure = #expect(throws: AppendOnlyFailure.self) { try read(text) }
        #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "")")
    }

    @Test func rewriteMakesHistory() throws {
        var manifest = AppendOnlyManifest()
        #expect(manifest.replaceBase(fileName: "a", isRDB: true, keptIncrementCount: 1).name == "a.1.base.rdb")
        #expect(manifest.addIncrement(fileName: "a").name == "a.1.incr.aof")
        #expect(manifest.addIncrement(fileName: "a").name == "a.2.incr.aof")
        #expect(manifest.replaceBase(fileName: "a", isRDB: false, keptIncrementCount: 1).name == "a.2.base.aof")
        #expect(manifest.history.map(\.name) == ["a.1.incr.aof", "a.1.base.rdb"])
        #expect(manifest.increments.map(\.name) == ["a.2.incr.aof"])
        #expect(try read(manifest.text) == manifest)
    }
}
