import ArgumentParser
import CLICommands
import Testing

@Suite("Command lines")
struct ParsingTests {
    @Test(arguments: [
        "create shop", "create shop --engine pg --size db-s-1vcpu-1gb --region nyc1 --nodes 1 --version 15",
        "create shop --tag a --tag b --trusted-source 10.0.0.0/8 --no-wait", "create shop --wait --timeout 5",
        "list", "list --tag a --format json", "get shop", "delete shop --force", "connection shop",
        "connection shop --format flags --user u --database d --verify-full", "shell shop",
        "shell shop --user u -- -c select", "ca", "ca shop", "options", "options sizes", "events shop",
        "user list shop", "user create shop u --allow-replication", "user get shop u", "user delete shop u",
        "user reset shop u", "database list shop", "database create shop d", "database get shop d",
        "database delete shop d --force", "config get shop", "config get shop work_mem pgbouncer",
        "config set shop work_mem=16 jit=false", "firewall list shop", "firewall add shop 10.0.0.1 tag:web",
        "firewall remove shop 10.0.0.1", "firewall replace shop 10.0.0.1", "firewall replace shop --none",
        "maintenance get shop", "maintenance set shop --day sunday --hour 03:00", "metrics-credentials get",
        "metrics-credentials set --username u",
        "list --api-url https://localhost:1 --ca /c --token-file /t --data /d",
    ])
    func databaseCommandsThatParse(_ line: String) throws {
        let arguments = line.split(separator: " ").map(String.init)
        #expect(try DatabaseCommand.parseAsRoot(arguments) is any APICommand)
    }

    @Test(arguments: [
        "create", "create shop --nodes 0", "create shop --timeout 0", "create shop --trusted-source nonsense",
        "list --token dop_v1_secret", "list --format xml", "delete", "options planets", "config set shop",
        "config set shop work_mem", "firewall add shop", "firewall add shop nonsense", "firewall replace shop",
        "firewall replace shop 10.0.0.1 --none", "maintenance set shop --day someday --hour 03:00",
        "metrics-credentials set --password x", "connection shop --format table",
    ])
    func databaseCommandsThatDoNot(_ line: String) {
        let arguments = line.split(separator: " ").map(String.init)
        #expect { try DatabaseCommand.parseAsRoot(arguments) } throws: {
            DatabaseCommand.exitCode(for: $0) == .validationFailure
        }
    }

    @Test(arguments: [
        ("create laptop", true), ("create ci --scope read --scope write --expires-in 30d", true), ("list", true),
        ("revoke 7", true), ("create ci --expires-in 30", false), ("create ci --scope all", false), ("revoke", false),
    ])
    func tokenCommands(_ line: String, _ parses: Bool) {
        let arguments = line.split(separator: " ").map(String.init)
        #expect(((try? TokenCommand.parseAsRoot(arguments)) != nil) == parses)
    }

    /// Every command, leaves and groups, says what it does and shows an example.
    @Test func everyHelpHasAnExample() {
        var pending: [any ParsableCommand.Type] = [DatabaseCommand.self, TokenCommand.self]
        var count = 0
        while let command = pending.popLast() {
            count += 1
            pending += command.configuration.subcommands
            #expect(!command.configuration.abstract.isEmpty)
            #expect(command.configuration.discussion.contains("Example"), "\(command)")
            let examples = command.configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
            #expect(examples.contains { $0.hasPrefix("  atoll ") }, "\(command)")
            #expect(examples.allSatisfy { $0.count <= 80 }, "a wrapped example cannot be copied: \(command)")
        }
        #expect(count > 30)
    }
}
