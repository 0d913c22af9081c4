import Bytes
import Glibc
import KeyValuePersistence
import Keyspace

/// `atoll kv check`: verifies files without a server. Under the name redis-check-rdb it behaves as that program.
package enum CheckProgram {
    /// Checks the file that the arguments name, and returns the exit code: 0 where it is in order.
    /// - Parameter arguments: `[--fix] FILE`.
    package static func run(arguments: [String], programName: String = "atoll kv check") -> Int32 {
        let fixes = arguments.first == "--fix"
        let paths = fixes ? Array(arguments.dropFirst()) : arguments
        guard paths.count == 1, let path = paths.first, path != "--help", path != "-h" else {
            print(help(programName))
            return paths == ["--help"] || paths == ["-h"] ? 0 : 1
        }
        if path == "-v" || path == "--version" {
            print("\(programName) 7.2.6")
            return 0
        }
        return RDBCheckProgram(path: path, fixes: fixes).run()
    }

    private static func help(_ programName: String) -> String {
        """
        Usage: \(programName) [--fix] FILE

        Goes through an RDB file, tells how many keys of which type are in it, and what is wrong where. The exit code is
        0 where nothing is.

          --fix   keeps a damaged FILE as FILE.damaged, and writes a new one with all that could be read
        """
    }
}

/// The check of one RDB file. Its lines are those of redis-check-rdb, with some more at the end.
struct RDBCheckProgram {
    let path: String
    let fixes: Bool

    func run() -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return fail("Cannot open file \(path): \(Self.errorText)") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return fail("Not a regular file: \(path)")
        }
        print("[offset 0] Checking RDB file \(path)")
        let byteCount = Int(status.st_size)
        let report = check(descriptor, byteCount, salvageDescriptor: nil)
        show(report, byteCount)
        guard report.damage != nil else { return 0 }
        return fixes ? fix(descriptor, byteCount) : 1
    }

    private func check(_ descriptor: Int32, _ byteCount: Int, salvageDescriptor: Int32?) -> RDBCheck.Report {
        lseek(descriptor, 0, SEEK_SET)
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return RDBCheck(
            descriptor: descriptor, byteCount: byteCount, now: now, salvageDescriptor: salvageDescriptor
        ).run()
    }

    private func fail(_ text: String) -> Int32 {
        KeyValueProgram.writeError(text + "\n")
        return 1
    }

    private static var errorText: String { String(cString: strerror(errno)) }

    // MARK: - Report

    private func show(_ report: RDBCheck.Report, _ byteCount: Int) {
        for field in report.auxiliary { print("[info] AUX FIELD \(field.name) = '\(field.value)'") }
        if let damage = report.damage {
            print("--- RDB ERROR DETECTED ---")
            print("[offset \(damage.offset)] \(damage.text)")
            print("[additional info] While doing: \(Self.name(of: damage.stage))")
            if let key = damage.key { print("[additional info] Reading key '\(key)'") }
            if let type = damage.type {
                let name = RDBType(rawValue: type).map { "\($0)" } ?? "unknown"
                print("[additional info] Reading type \(type) (\(name))")
            }
        } else {
            print(
                "[offset \(report.byteCount)] "
                    + (report.hasChecksum
                        ? "Checksum OK" : "RDB file was saved with checksum disabled: no check performed."))
            print("[offset \(report.byteCount)] \\o/ RDB looks OK! \\o/")
            if byteCount > report.byteCount { print("[info] \(byteCount - report.byteCount) bytes follow the end") }
        }
        print("[info] \(report.keyCount) keys read")
        print("[info] \(report.expiryCount) expires")
        print("[info] \(report.expiredCount) already expired")
        print("[info] RDB version \(report.version), \(report.functionCount) function libraries")
        for (type, count) in report.keyCounts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            print("[info] \(count) keys of type \(type.name)")
        }
        for (number, count) in report.databaseCounts.sorted(by: { $0.key < $1.key }) {
            print("[info] \(count) keys in database \(number)")
        }
    }

    private static func name(of stage: RDBReader.Stage) -> String {
        switch stage {
        case .header: "start"
        case .code: "read-type"
        case .key: "read-key"
        case .value: "read-object-value"
        case .field: "read-aux"
        case .checksum: "check-sum"
        }
    }

    // MARK: - Repair

    /// Replaces the file by one with all that could be read; the damaged one stays beside it.
    private func fix(_ descriptor: Int32, _ byteCount: Int) -> Int32 {
        let temporaryPath = "\(path).fixed-\(getpid())"
        let damagedPath = path + ".damaged"
        guard access(damagedPath, F_OK) != 0 else {
            return fail("\(damagedPath) exists already: move it away first")
        }
        let target = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard target >= 0 else { return fail("Cannot write \(temporaryPath): \(Self.errorText)") }
        let report = check(descriptor, byteCount, salvageDescriptor: target)
        close(target)
        if let damage = report.damage, damage.text.hasPrefix("what could be read") {
            unlink(temporaryPath)
            return fail(damage.text)
        }
        guard link(path, damagedPath) == 0, rename(temporaryPath, path) == 0, SnapshotFile.syncDirectory(of: path)
        else { return fail("Cannot replace \(path): \(Self.errorText)") }
        print("[info] \(path) now has the \(report.keyCount) keys that could be read, \(damagedPath) is as it was")
        return 0
    }
}
