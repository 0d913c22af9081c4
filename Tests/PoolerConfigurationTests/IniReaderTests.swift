import Testing

@testable import PoolerConfiguration

@Suite("Configuration files")
struct IniReaderTests {
    private func items(_ text: String) throws -> [String] {
        try IniReader.items(of: "main.ini", read: FileSet(["main.ini": text]).read).map { item in
            switch item.content {
            case .section(let name): "\(item.place.line) [\(name)]"
            case .value(let key, let text): "\(item.place.line) \(key)=<\(text)>"
            }
        }
    }

    @Test(
        "Lines are read as PgBouncer reads them",
        arguments: [
            ("", []),
            ("  \n\t\r\n", []),
            ("[a]", ["1 [a]"]),
            ("[ a b ]", ["1 [ a b ]"]),
            ("[]", ["1 []"]),
            ("; c\n # c\n[a]\n", ["3 [a]"]),
            ("[a] k = v", ["1 [a]", "1 k=<v>"]),
            ("[a] ; c\nk=v", ["1 [a]", "2 k=<v>"]),
            ("k=v", ["1 k=<v>"]),
            ("k = v ; not a comment # either", ["1 k=<v ; not a comment # either>"]),
            ("k\t= \t v \t\r\n l=w", ["1 k=<v>", "2 l=<w>"]),
            ("k =\nl = 1", ["1 k=<>", "2 l=<1>"]),
            ("k = 'a ''b'", ["1 k=<'a ''b'>"]),
            ("A_z.0-9* = 1", ["1 A_z.0-9*=<1>"]),
            ("* = host=x", ["1 *=<host=x>"]),
            ("'any thing = [here]' = 1", ["1 any thing = [here]=<1>"]),
            ("'\u{e9}\u{1F418}' = \u{e9}", ["1 \u{e9}\u{1F418}=<\u{e9}>"]),
            ("k = a = b", ["1 k=<a = b>"]),
            ("\n\n\nk = v", ["4 k=<v>"]),
        ] as [(String, [String])])
    func lines(text: String, expected: [String]) throws {
        #expect(try items(text) == expected)
    }

    @Test(
        "What is not in the grammar is refused with its line",
        arguments: [
            ("\n[a", 2, "a section without \"]\""),
            ("[a\n]", 1, "a section without \"]\""),
            ("[a]\nk", 2, "a key without \"=\""),
            ("k v = 1", 1, "a key without \"=\""),
            ("k\n= 1", 1, "a key without \"=\""),
            ("= 1", 1, "no key"),
            ("'' = 1", 1, "no key"),
            ("'k = 1", 1, "a quoted key without its end"),
            ("\"k\" = 1", 1, "no key"),
            ("\u{e9} = 1", 1, "no key"),
            ("%include\n", 1, "neither %include nor a key"),
            ("%includes x", 1, "neither %include nor a key"),
            ("%include   \nk=1", 1, "%include without a file"),
            ("k = a\0b", 1, "not UTF-8 text"),
        ] as [(String, Int, String)])
    func refusals(text: String, line: Int, reason: String) {
        #expect {
            try items(text)
        } throws: { error in
            "\(error)" == "syntax error in configuration (main.ini:\(line)): \(reason)"
        }
    }

    @Test("Bytes that are no text are refused")
    func notText() {
        var files = FileSet()
        files.files["main.ini"] = Array("[a]\nk = \u{e9}".utf8.dropLast())
        #expect(
            throws: ConfigurationFailure("syntax error", FilePlace(path: "main.ini", line: 2), reason: "not UTF-8 text")
        ) {
            try IniReader.items(of: "main.ini", read: files.read)
        }
    }

    @Test("An included file stands where it is named, and its section goes on behind it")
    func include() throws {
        let files = FileSet([
            "main.ini": "[pgbouncer]\n%include  conf.d/users file.ini \t\r\nlisten_port = 7000\n",
            "conf.d/users file.ini": "verbose = 1\n[databases]\na = port=1\n%include more\n[pgbouncer]\n",
            "more": "b = port=2",
        ])
        let loaded = try files.load()
        #expect(loaded.snapshot.databases.names == ["a", "b"])
        #expect(loaded.snapshot.settings.listenPort == 7000)
        #expect(loaded.snapshot.settings.verbosity == 1)
    }

    @Test("A failure in an included file names that file and its line")
    func failureInIncluded() {
        let files = FileSet(["main.ini": "[pgbouncer]\n%include b.ini", "b.ini": "\n\nnonsense = 1"])
        #expect {
            try files.load()
        } throws: { error in
            "\(error)"
                == "invalid value \"1\" for parameter nonsense in configuration (b.ini:3): "
                + "unknown parameter: pgbouncer/nonsense"
        }
    }

    @Test("A file that cannot be read is named, with the reason")
    func missing() {
        let files = FileSet(["main.ini": "%include b.ini"])
        #expect {
            try files.load()
        } throws: { error in
            "\(error)" == "could not load file \"b.ini\" in configuration (b.ini): No such file or directory"
        }
    }

    @Test("Ten files may include each other in turn, and not eleven")
    func depth() throws {
        func files(_ count: Int) -> FileSet {
            var files = FileSet(["main.ini": "[pgbouncer]\n%include 1"])
            for number in 1...count { files.files["\(number)"] = Array("%include \(number + 1)".utf8) }
            files.files["\(count)"] = Array("verbose = 3".utf8)
            return files
        }
        #expect(try files(10).load().snapshot.settings.verbosity == 3)
        #expect {
            try files(11).load()
        } throws: { error in
            "\(error)" == "include nesting level too deep in configuration (10:1)"
        }
    }

    @Test("Neither many files nor big ones fill the memory")
    func sizes() {
        let wide = Array(repeating: "%include w", count: 40).joined(separator: "\n")
        #expect(failure(wide).hasPrefix("could not load file"))
        let files = FileSet([
            "main.ini": wide, "w": Array(repeating: "%include x", count: 40).joined(separator: "\n"), "x": "",
        ])
        #expect {
            try files.load()
        } throws: { error in
            "\(error)".hasPrefix("more than 1000 files")
        }
        var big = FileSet()
        big.files["main.ini"] = [UInt8](repeating: 0x20, count: ConfigurationLimits.bytesMax + 1)
        #expect {
            try big.load()
        } throws: { error in
            "\(error)".hasPrefix("more than 67108864 bytes")
        }
    }
    @Test("The bytes of all files together are limited")
    func sizeOfAll() throws {
        let half = [UInt8](repeating: 0x20, count: ConfigurationLimits.bytesMax / 2)
        var files = FileReader { $0 == "more" ? [0x20] : half }
        _ = try files.bytes(of: "a")
        _ = try files.bytes(of: "b")
        #expect(throws: ConfigurationFailure.self) { try files.bytes(of: "more") }
    }
}
