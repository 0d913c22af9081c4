import Testing

/// The real program over real sockets with real clients. One after another: the machine has two cores.
@Suite("Key-value server", .serialized)
struct ServerTests {
    private func expectSuccess(_ name: String, _ arguments: [String] = [], timeoutSeconds: Int = 300) throws {
        let (code, output) = try ServerScript.run(name, arguments, timeoutSeconds: timeoutSeconds)
        #expect(code == 0, "\(name) ended with \(code):\n\(output.suffix(4000))")
        #expect(output.contains("all checks passed"), "\(name) did not get to its end:\n\(output.suffix(4000))")
    }

    @Test("The tutorial on databases and keys, command by command, through redis-cli")
    func tutorial() throws { try expectSuccess("tutorial.py") }

    @Test("Bad input: oversized, malformed, truncated, slow; too many clients; a client that never reads")
    func badInput() throws { try expectSuccess("bad_input.py") }

    @Test("Directives that need a process do what they say")
    func directives() throws { try expectSuccess("directives.py") }

    @Test("While data is loaded, and when signals end the server")
    func loading() throws { try expectSuccess("loading.py") }

    @Test("Directives of TLS do what they say")
    func directivesOfTLS() throws { try expectSuccess("directives_tls.py") }

    @Test("What the control plane asks of a server: its own socket, trusted networks, no CONFIG SET by others")
    func managed() throws { try expectSuccess("managed.py") }

    @Test("io", .enabled(if: ServerScript.kernelHasRings, "needs a kernel that allows io_uring"))
    func loopDirective() throws { try expectSuccess("directives.py", ["io_uring"]) }

    @Test("…_cpulist", .enabled(if: ServerScript.processorCount > 1, "needs two processors"))
    func processorDirectives() throws { try expectSuccess("directives.py", ["processors"]) }

    @Test("syslog-…", .enabled(if: ServerScript.systemLogIsFree, "needs root, and no system log that is there already"))
    func systemLogDirectives() throws { try expectSuccess("directives.py", ["system-log"]) }

    @Test("protected-mode", .enabled(if: ServerScript.hasOutsideAddress, "needs an address that is not the loopback's"))
    func protectedMode() throws { try expectSuccess("directives.py", ["address"]) }

    @Test("INFO and CLIENT LIST show who listens, and how output is held that nobody reads")
    func observation() throws { try expectSuccess("observation.py") }

    @Test("Directives of the append-only file do what they say")
    func directivesOfAppendOnlyFile() throws { try expectSuccess("directives_append_only.py") }

    /// 200 crashes by hand: `append_only.py "atoll kv" --rounds 200 --only always,everysec`.
    @Test("The append-only file over restarts, rewrites, crashes under load, a full disk, and redis-server")
    func appendOnlyFile() throws { try expectSuccess("append_only.py", timeoutSeconds: 600) }

    @Test("A disk that refuses fsync loses nothing that was acknowledged, and leaves the old files as they were")
    func failedSync() throws { try expectSuccess("failed_sync.py") }

    @Test("atoll kv check finds damage of append-only files and mends them, as redis-check-aof does")
    func appendOnlyCheck() throws { try expectSuccess("append_only_check.py") }

    @Test("20,000 connections above the limit are refused while those within it are served")
    func flood() throws { try expectSuccess("flood.py") }

    @Test("Large values go in the background and leave no memory behind")
    func reclaim() throws { try expectSuccess("reclaim.py") }

    /// A million commands by hand: `model.py "atoll kv" --commands 1000000 --seed N`.
    @Test(
        "Random commands have the replies and leave the contents that they have and leave in Redis",
        .enabled(if: ServerScript.redisIsInstalled), arguments: [1, 2, 3])
    func model(seed: Int) throws {
        let arguments = ["--seed", "\(seed)", "--commands", "20000"]
        try expectSuccess("model.py", arguments, timeoutSeconds: 600)
    }

    @Test(
        "MIGRATE with a real redis-server in both roles; peers that hang, die, refuse; others served meanwhile",
        .enabled(if: ServerScript.redisIsInstalled, "needs redis-server"))
    func migrate() throws { try expectSuccess("migrate.py", timeoutSeconds: 600) }

    @Test(
        "Snapshot files and payloads go to redis-server and back; the check of files finds damage",
        .enabled(if: ServerScript.redisIsInstalled, "needs redis-server"))
    func snapshotFiles() throws { try expectSuccess("rdb_files.py", timeoutSeconds: 600) }

    @Test("redis-py in both protocols, Django's cache, Celery's queues", .enabled(if: ServerScript.hasClientLibraries))
    func clients() throws { try expectSuccess("clients.py") }
}
