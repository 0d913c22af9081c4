import SeededRandom
import Testing

@testable import PoolerConfiguration

@Suite("Parsers under random bytes")
struct ConfigurationFuzzTests {
    /// Random lines: of each a piece from every list, and now and then a byte that belongs nowhere.
    private func text(_ random: inout SeededGenerator, lines kinds: [[[String]]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<random.below(12) {
            for pieces in kinds[random.below(kinds.count)] {
                bytes += pieces[random.below(pieces.count)].utf8
                if random.isHit(1, of: 150) { bytes.append(UInt8(random.below(256))) }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    private static let connectionPieces: [String] =
        DatabaseEntry.keys.keys.sorted().map { "\($0)=1 " } + [
            "host=a,b ", "password='x''' ", "pool_mode=session ", "",
        ]

    private static let iniLines: [[[String]]] = [
        [["[pgbouncer]", "[databases]", "[users] ; c", "[peers]", "; c", "# c", "%include b", ""]],
        [SettingTable.rows.map { "\($0.name) = \($0.defaultText ?? "")" }, ["", "", "", "1"]],
        [["[databases]\napp", "[databases]\n*", "[databases] 'a b'"], [" = ", "="]]
            + Array(repeating: connectionPieces, count: 3) + [["\n[pgbouncer]"]],
    ]

    private static let ruleLines: [[[String]]] = [
        [
            ["local ", "host ", "hostssl ", "hostnossl\t"], ["all ", "sameuser ", "a,b ", "@b ", "replication "],
            ["all ", "\"a \"\"b\" ", "c , d "], ["1.2.3.4/8 ", "::/0 ", "10.0.0.0 255.0.0.0 ", "all ", ""],
            ["md5 ", "trust ", "ldap ", "peer ", "reject "], ["map=m", "map=n", "# c", "", ""],
        ],
        [["m ", "n "], ["x ", "\"y z\" "], ["all", "a", "\"all\""]],
        [["\"a\" ", "\"b\" ", "; "], ["\"c\"", "\"\"\"d\"\"\""]],
    ]

    @Test("Main files: a reading is refused with its place, or is the same when read again")
    func mainFiles() throws {
        var random = SeededGenerator(seed: 1)
        var accepted = 0
        var databases = 0
        for _ in 0..<4000 {
            var files = FileSet()
            files.files["main.ini"] = Array("[pgbouncer]\n".utf8) + text(&random, lines: Self.iniLines)
            files.files["b"] = text(&random, lines: Self.iniLines)
            do {
                let loaded = try files.load()
                #expect(try files.load() == loaded)
                let reload = ConfigurationReload(from: ConfigurationSnapshot(), to: loaded.snapshot)
                #expect(reload.databases.added.count == loaded.snapshot.databases.count)
                accepted += 1
                databases += loaded.snapshot.databases.count
            } catch let failure as ConfigurationFailure {
                // A random byte behind the name of the included file makes it another, which is missing.
                #expect(failure.place.path == "main.ini" || failure.place.path.hasPrefix("b"))
            }
        }
        // Of both kinds there are many.
        #expect((400...3600).contains(accepted), "\(accepted)")
        #expect(databases > 100, "\(databases)")
    }

    @Test("Values: what is shown of a value reads as the same value")
    func values() {
        var random = SeededGenerator(seed: 2)
        let pieces = [
            "0", "1", "9", "x", "a", ".", "e", "-", "+", ",", " ", "tls", "v1.2", "!", "all", "session", "any",
        ]
        for row in SettingTable.rows {
            for _ in 0..<100 {
                var settings = SettingTable.defaults
                let value = (0..<random.below(4)).map { _ in pieces[random.below(pieces.count)] }.joined()
                guard (try? row.binding.write(value, &settings)) != nil, let shown = row.binding.show(settings) else {
                    continue
                }
                var again = SettingTable.defaults
                #expect(throws: Never.self, "\(row.name) = \(value)") { try row.binding.write(shown, &again) }
                #expect(row.binding.isSame(settings, again), "\(row.name) = \(value), shown as \(shown)")
            }
        }
    }

    @Test("Seconds keep their microseconds through text")
    func seconds() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20000 {
            let microseconds = Int64(random.next() >> (1 + random.below(63) as UInt64))
            guard microseconds <= ConfigurationLimits.secondsMax * 1_000_000 else { continue }
            let text = NumberText.seconds(microseconds)
            #expect(try NumberText.microseconds(text) == microseconds, "\(text)")
        }
    }

    @Test("Users, maps and rules: no byte stops the reading")
    func authenticationFiles() {
        var random = SeededGenerator(seed: 4)
        var ruleCount = 0
        for _ in 0..<4000 {
            var files = FileSet()
            for path in ["users", "rules", "ident", "b"] { files.files[path] = text(&random, lines: Self.ruleLines) }
            var settings = SettingTable.defaults
            settings.authenticationType = .hba
            settings.authenticationFile = "users"
            settings.authenticationHostRulesFile = "rules"
            settings.authenticationIdentityMapFile = "ident"
            var authentication = AuthenticationFiles()
            let notes = authentication.load(for: settings, read: files.read)
            #expect(notes.count <= ConfigurationLimits.notesMax)
            ruleCount += authentication.rules.rules.count
            for rule in authentication.rules.rules {
                #expect(rule.identityMap.map(authentication.identityMaps.has) ?? true)
            }
            let origin = ClientOrigin(address: NetworkAddress("1.2.3.4"), isTLS: true)
            _ = authentication.rules.match(origin, database: "all", user: "b")
        }
        #expect(ruleCount > 1000, "\(ruleCount)")
    }
}
