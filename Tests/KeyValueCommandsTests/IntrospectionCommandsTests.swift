import Bytes
import RESP
import Testing

@testable import KeyValueCommands

/// COMMAND and HELP as clients see them.
@Suite struct IntrospectionCommandsTests {
    /// The reply to a line, with `|` for each end of line.
    private func reply(_ line: String, version: UInt8 = 2, renamed: [(String, String)] = []) -> String {
        let engine = Engine.make(seed: 1, usesThreads: false)
        for (name, newName) in renamed {
            let isRenamed = engine.pointee.directory.rename(name, to: newName)
            #expect(isRenamed)
        }
        let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
        let client = engine.makeClient(output: output)
        client.pointee.protocolVersion = version
        var request = line + "\r\n"
        request.withUTF8 { engine.receive(client, ByteSlice($0)) }
        let text = output.pointee.readable.text
        engine.freeClient(client)
        output.deinitialize(count: 1)
        output.deallocate()
        return text.split(separator: "\r\n").joined(separator: "|")
    }

    @Test func infoOfOneCommand() {
        #expect(
            reply("COMMAND INFO get")
                == "*1|*10|$3|get|:2|*2|+readonly|+fast|:1|:1|:1|*3|+@read|+@string|+@fast|*0|*1|*6|$5|flags|*2|+RO|"
                + "+access|$12|begin_search|*4|$4|type|$5|index|$4|spec|*2|$5|index|:1|$9|find_keys|*4|$4|type|$5|range"
                + "|$4|spec|*6|$7|lastkey|:0|$7|keystep|:1|$5|limit|:0|*0")
        #expect(
            reply("COMMAND INFO get", version: 3)
                == "*1|*10|$3|get|:2|~2|+readonly|+fast|:1|:1|:1|~3|+@read|+@string|+@fast|~0|~1|%3|$5|flags|~2|+RO|"
                + "+access|$12|begin_search|%2|$4|type|$5|index|$4|spec|%1|$5|index|:1|$9|find_keys|%2|$4|type|$5|range"
                + "|$4|spec|%3|$7|lastkey|:0|$7|keystep|:1|$5|limit|:0|~0")
    }

    @Test func infoOfWhatIsNone() {
        for name in ["nosuch", "get|key", "config|get|key", "config|nosuch", "|", "''"] {
            #expect(reply("COMMAND INFO \(name)") == "*1|$-1", "\(name)")
            #expect(reply("COMMAND DOCS \(name)", version: 3) == "%0", "\(name)")
        }
        #expect(reply("COMMAND INFO config|GET").hasPrefix("*1|*10|$10|config|get|:-3|"))
    }

    @Test func everyCommandAtOnce() {
        #expect(reply("COMMAND COUNT") == ":242")
        #expect(reply("COMMAND").hasPrefix("*242|*10|"))
        #expect(reply("COMMAND INFO") == reply("COMMAND"))
        #expect(reply("COMMAND DOCS", version: 3).hasPrefix("%242|$6|append|%5|$7|summary|"))
        #expect(reply("COMMAND LIST").hasPrefix("*376|$6|append|"))
    }

    @Test func commandsTakenAwayAreNotShown() {
        let renamed = [("flushall", ""), ("get", "fetch")]
        #expect(reply("COMMAND COUNT", renamed: renamed) == ":241")
        #expect(reply("COMMAND LIST FILTERBY PATTERN flushall", renamed: renamed) == "*0")
        #expect(reply("COMMAND INFO flushall", renamed: renamed) == "*1|$-1")
        #expect(reply("COMMAND INFO fetch", renamed: renamed).hasPrefix("*1|*10|$3|get|:2|"))
        #expect(reply("COMMAND LIST FILTERBY PATTERN get", renamed: renamed) == "*1|$3|get")
    }

    @Test func documentation() {
        #expect(
            reply("COMMAND DOCS setnx", version: 3)
                == "%1|$5|setnx|%8|$7|summary|$36|Sets a string unless the key exists.|$5|since|$5|1.0.0|$5|group|"
                + "$6|string|$10|complexity|$4|O(1)|$9|doc_flags|~1|+deprecated|$16|deprecated_since|$6|2.6.12|"
                + "$11|replaced_by|$15|`SET` with `NX`|$9|arguments|*2|%4|$4|name|$3|key|$4|type|$3|key|"
                + "$12|display_text|$3|key|$14|key_spec_index|:0|%3|$4|name|$5|value|$4|type|$6|string|"
                + "$12|display_text|$5|value")
        #expect(reply("COMMAND DOCS object|freq").hasPrefix("*2|$11|object|freq|*"))
    }

    @Test(arguments: [
        ("", "*376"), ("FILTERBY PATTERN xinfo|G*", "*1|$12|xinfo|groups"), ("FILTERBY PATTERN nosuch*", "*0"),
        ("FILTERBY ACLCAT Transaction", "*5|$7|discard|$4|exec|$5|multi|$7|unwatch|$5|watch"),
        ("FILTERBY ACLCAT nosuch", "*0"), ("FILTERBY MODULE any", "*0"), ("bad", "-ERR syntax error"),
        ("FILTERBY", "-ERR syntax error"), ("FILTERBY PATTERN", "-ERR syntax error"),
        ("FILTERBY bad bad", "-ERR syntax error"), ("FILTERBY PATTERN a b", "-ERR syntax error"),
    ])
    func list(_ filter: String, _ expected: String) {
        let reply = reply("COMMAND LIST \(filter)")
        #expect(filter.isEmpty ? reply.hasPrefix(expected) : reply == expected)
    }

    @Test(arguments: [
        ("get k", "*1|$1|k"), ("eval script 0", "*0"), ("nosuch k", "-ERR Invalid command specified"),
        ("config nosuch", "-ERR Invalid command specified"), ("ping", "-ERR The command has no key arguments"),
        ("config", "-ERR The command has no key arguments"),
        ("spublish c m", "-ERR The command has no key arguments"),
        ("get", "-ERR Invalid number of arguments specified for command"),
        ("pfmerge d", "-ERR Invalid arguments specified for command"),
    ])
    func getKeys(_ line: String, _ expected: String) {
        #expect(reply("COMMAND GETKEYS \(line)") == expected)
    }

    @Test func getKeysAndFlags() {
        #expect(
            reply("COMMAND GETKEYSANDFLAGS SORT a STORE b", version: 3)
                == "*2|*2|$1|a|~2|+RO|+access|*2|$1|b|~2|+OW|+update")
    }

    @Test func categories() {
        #expect(reply("ACL CAT").hasPrefix("*21|$8|keyspace|$4|read|$5|write|"))
        #expect(reply("ACL CAT Transaction") == "*5|$7|discard|$4|exec|$5|multi|$7|unwatch|$5|watch")
        #expect(reply("ACL CAT nosuch") == "-ERR Unknown category 'nosuch'")
        #expect(
            reply("ACL CAT a b") == "-ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.")
    }

    @Test func everyContainerHelps() {
        for row in CommandTable.rows {
            guard row.subcommands.contains(where: { $0.name == "help" }) else { continue }
            let reply = reply("\(row.name) HELP")
            #expect(reply.hasPrefix("*\(row.subcommands.count * 2 + 1)|+\(row.name.uppercased()) <subcommand> "))
            #expect(reply.hasSuffix("|+HELP|+    Print this help."))
        }
        #expect(reply("OBJECT HELP x") == "-ERR wrong number of arguments for 'object|help' command")
    }

    @Test func referenceNamesEveryCommandOnce() {
        let lines = CommandReference.page().split(separator: "\n").filter { $0.hasPrefix("| `") }
        #expect(lines.count == 376)
        #expect(Set(lines).count == 376)
        #expect(lines.contains { $0.hasPrefix("| `COMMAND COUNT` | 2.8.13 | yes |") })
    }
}
