import Bytes
import Testing

@testable import KeyValueCommands

/// HOTKEYS, section hotkeys of INFO, and which commands are looked at.
@Suite struct HotKeyCommandsTests {
    private let client = Conversation()

    /// Key, reads and writes a second of every key that INFO tells.
    private func told() -> [String] {
        client.last("INFO hotkeys").split(separator: "|").filter { $0.hasPrefix("hotkey_") }.map { line in
            let fields = line.drop { $0 != ":" }.dropFirst().split(separator: ",").map { $0.split(separator: "=") }
            let values = Dictionary(uniqueKeysWithValues: fields.map { ($0[0], $0.count > 1 ? String($0[1]) : "") })
            return "\(values["db"] ?? "")/\(values["key"] ?? "") \(values["reads_per_second"] ?? "") "
                + "\(values["writes_per_second"] ?? "")"
        }
    }

    /// Counts every command, from now on.
    private func countAll() {
        #expect(client.ask("CONFIG SET hotkeys-sample-ratio 1") == "+OK")
        client.engine.setTime(milliseconds: 1_000_000)
        #expect(client.ask("HOTKEYS RESET") == "+OK")
    }

    /// Operations on one key, told after a second: halving in a minute makes 1.01 of one a second.
    @Test func readsAndWritesAreToldApart() {
        countAll()
        for _ in 0..<100 { _ = client.ask("GET key") }
        for _ in 0..<50 { _ = client.ask("SET key value") }
        _ = client.ask("SELECT 3")
        for _ in 0..<10 { _ = client.ask("LPUSH key value") }
        _ = client.ask("SINTERSTORE target one two")
        client.engine.setTime(milliseconds: 1_001_000)
        #expect(
            told() == [
                "0/key 99.42 49.71", "3/key 0.00 9.94", "3/one 0.99 0.00", "3/target 0.00 0.99", "3/two 0.99 0.00",
            ])
    }

    @Test func replies() {
        countAll()
        _ = client.ask("SET key value")
        client.engine.setTime(milliseconds: 1_001_000)
        let header =
            "$15|tracking-active|:1|$12|sample-ratio|:1|$16|sampled-commands|:1|$17|half-life-seconds|:60|"
            + "$29|collection-start-time-unix-ms|:1000000|$22|collection-duration-ms|:1000|$4|keys|*1|"
        let names = ["$21|operations-per-second|", "|$16|reads-per-second|", "|$17|writes-per-second|"]
        let key = "$3|key|$3|key|$9|key-bytes|:3|$8|database|:0|"
        #expect(
            client.ask("HOTKEYS GET") == "*14|" + header + "*14|" + key + names[0] + "$4|0.99" + names[1] + "$1|0"
                + names[2] + "$4|0.99|$16|error-per-second|$1|0")
        let modern = Conversation(with: client.engine, version: 3)
        #expect(
            modern.ask("hotkeys get count 1") == "%7|" + header + "%7|" + key + names[0] + ",0.99" + names[1] + ",0"
                + names[2] + ",0.99|$16|error-per-second|,0")
    }

    @Test func countLimitsTheKeys() {
        countAll()
        for number in 0..<20 { _ = client.ask("GET key:\(number)") }
        func keyCount(_ request: String) -> Int {
            client.ask(request).split(separator: "|").count { $0 == "key-bytes" }
        }
        #expect(keyCount("HOTKEYS GET") == 10)
        #expect(keyCount("HOTKEYS GET COUNT 15") == 15)
        #expect(keyCount("HOTKEYS GET COUNT 9223372036854775807") == 20)
        #expect(told().count == 10)
    }

    @Test(arguments: [
        ("HOTKEYS GET COUNT 0", "-ERR COUNT must be positive"), ("HOTKEYS GET COUNT x", "-ERR COUNT must be positive"),
        ("HOTKEYS GET COUNT", "-ERR syntax error"), ("HOTKEYS GET BY 3", "-ERR syntax error"),
        ("HOTKEYS GET COUNT 1 COUNT 2", "-ERR syntax error"),
        ("HOTKEYS RESET now", "-ERR wrong number of arguments for 'hotkeys|reset' command"),
        ("HOTKEYS", "-ERR wrong number of arguments for 'hotkeys' command"),
        ("HOTKEYS NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try HOTKEYS HELP."),
    ])
    func mistakes(_ request: String, _ expected: String) {
        #expect(client.ask(request) == expected)
    }

    @Test func startAndStopAreRefused() {
        for request in ["HOTKEYS START METRICS 1 CPU", "HOTKEYS START", "HOTKEYS STOP"] {
            #expect(client.ask(request).hasPrefix("-ERR Hot keys are always counted here: HOTKEYS GET tells them"))
        }
    }

    @Test func onlyAdministratorsAreMeant() {
        for name in ["get", "reset", "start", "stop"] {
            let categories = CommandTable.row(named: "hotkeys|\(name)")?.categories ?? []
            #expect(categories == [.admin, .dangerous, .slow], "\(name)")
        }
    }

    // MARK: - What is counted

    @Test func whatIsQueuedCountsWhenItRuns() {
        countAll()
        _ = client.ask("MULTI")
        _ = client.ask("GET key")
        _ = client.ask("GET key")
        #expect(told() == [])
        _ = client.ask("EXEC")
        client.engine.setTime(milliseconds: 1_001_000)
        #expect(told() == ["0/key 1.99 0.00"])
        #expect(client.field("hotkeys_sampled_commands", of: "INFO hotkeys") == "2")
    }

    @Test func whatIsRefusedIsNotCountedAndWhatFailsIs() {
        countAll()
        _ = client.ask("GET")
        _ = client.ask("SET key value")
        _ = client.ask("LPUSH key value")
        client.engine.setTime(milliseconds: 1_001_000)
        #expect(told() == ["0/key 0.00 1.99"])
    }

    @Test func aBlockedCommandCountsOnce() {
        countAll()
        let waiting = Conversation(with: client.engine)
        #expect(waiting.ask("BLPOP list 0") == "")
        _ = client.ask("RPUSH list value")
        #expect(waiting.take() == "*2|$4|list|$5|value")
        client.engine.setTime(milliseconds: 1_001_000)
        #expect(told() == ["0/list 0.00 1.99"])
    }

    @Test func namesStayWithTheNumberOfTheDatabase() {
        countAll()
        _ = client.ask("SET key value")
        _ = client.ask("SWAPDB 0 1")
        _ = client.ask("FLUSHALL")
        client.engine.setTime(milliseconds: 1_001_000)
        #expect(told() == ["0/key 0.00 0.99"])
    }

    @Test func whatIsLoadedIsNotCounted() {
        countAll()
        client.engine.setLoading(true)
        _ = client.ask("GET key")
        client.engine.setLoading(false)
        #expect(told() == [])
    }

    /// Of 1000 keys about 63 are taken, each for 16; the estimate of all is right within one of those.
    @Test func manyKeysOfACommandAreCountedInPart() {
        countAll()
        _ = client.ask("DEL " + (0..<1000).map { "key:\($0)" }.joined(separator: " "))
        client.engine.setTime(milliseconds: 1_001_000)
        let reply = client.ask("HOTKEYS GET COUNT 1000").split(separator: "|")
        let rates = reply.indices.filter { reply[$0] == "writes-per-second" }.compactMap { Double(reply[$0 + 2]) }
        #expect(rates.count <= HotKeySampler.keysPerCommandMax)
        #expect(abs(rates.reduce(0, +) - 994) <= 16)
        #expect(client.field("hotkeys_sampled_commands", of: "INFO hotkeys") == "1")
    }

    // MARK: - Sampling

    /// Ten keys by turns, and every tenth command is looked at: each key is found, and each rate is right.
    @Test func aPatternAsLongAsTheDistanceIsSeenThrough() {
        _ = client.ask("CONFIG SET hotkeys-sample-ratio 10")
        client.engine.setTime(milliseconds: 1_000_000)
        _ = client.ask("HOTKEYS RESET")
        for index in 0..<20_000 { _ = client.ask("GET key:\(index % 10)") }
        client.engine.setTime(milliseconds: 1_001_000)
        let reply = client.ask("HOTKEYS GET").split(separator: "|")
        let rates = reply.indices.filter { reply[$0] == "reads-per-second" }.compactMap { Double(reply[$0 + 2]) }
        #expect(rates.count == 10)
        // Of 2000 commands on a key 200 are looked at, give or take 14.
        #expect(rates.allSatisfy { abs($0 - 1988) < 700 }, "\(rates)")
        #expect(abs(rates.reduce(0, +) - 19_884) < 1500, "\(rates)")
    }

    @Test func distancesHaveTheRatioAsTheirMean() {
        var sampler = HotKeySampler(hasher: KeyedHash(key0: 1, key1: 2), seed: 7)
        #expect(sampler.skipCount == .max)
        for ratio in [1, 2, 7, 100] {
            sampler.setSampleRatio(ratio)
            var sum = 0
            for _ in 0..<10_000 {
                #expect((1...(2 * ratio - 1)).contains(sampler.skipCount))
                sum += sampler.skipCount
                sampler.chooseNext()
            }
            #expect(abs(Double(sum) / 10_000 - Double(ratio)) < 0.03 * Double(ratio))
        }
        sampler.setSampleRatio(0)
        #expect(sampler.skipCount == .max)
    }

    @Test func theRatioChangesWhatAnOperationStandsFor() {
        countAll()
        for _ in 0..<1000 { _ = client.ask("GET key") }
        _ = client.ask("CONFIG SET hotkeys-sample-ratio 0")
        for _ in 0..<1000 { _ = client.ask("GET key") }
        client.engine.setTime(milliseconds: 1_001_000)
        #expect(told() == ["0/key 994.23 0.00"])
        #expect(client.ask("HOTKEYS GET").hasPrefix("*14|$15|tracking-active|:0|$12|sample-ratio|:0|"))
        _ = client.ask("CONFIG SET hotkeys-sample-ratio 20")
        for _ in 0..<10_000 { _ = client.ask("GET key") }
        let rate = told().first.flatMap { Double($0.split(separator: " ")[1]) } ?? 0
        #expect(abs(rate - 11_052) < 1500, "\(rate)")
    }

    @Test func samplingChangesNoRandomChoice() {
        let other = Conversation()
        _ = other.ask("CONFIG SET hotkeys-sample-ratio 1")
        for client in [client, other] { _ = client.ask("SADD set a b c d e f g h i j k l m n o p") }
        #expect(client.ask("SPOP set 8") == other.ask("SPOP set 8"))
    }

    // MARK: - INFO

    @Test func theSectionComesOnlyWhenItIsAskedFor() {
        for request in ["INFO", "INFO default", "INFO all"] { #expect(!client.ask(request).contains("# Hotkeys")) }
        for request in ["INFO everything", "INFO hotkeys", "INFO HotKeys server"] {
            #expect(client.ask(request).contains("# Hotkeys|hotkeys_sample_ratio:100|"))
        }
    }

    @Test func noKeyBreaksALine() {
        countAll()
        let keys: [[UInt8]] = [Array("a,b=c\\d:e f\r\nhotkey_9:db=1".utf8), [0, 0x7F, 0xFF, 0x41], []]
        for key in keys { _ = client.askBytes([Array("GET".utf8), key]) }
        #expect(
            Set(told().map { $0.split(separator: " ")[0] }) == [
                "0/a\\x2cb\\x3dc\\x5cd:e\\x20f\\x0d\\x0ahotkey_9:db\\x3d1", "0/\\x00\\x7f\\xffA", "0/",
            ])
    }
}
