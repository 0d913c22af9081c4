import Bytes
import Glibc
import KeyValuePersistence
import Keyspace

/// The check of one RDB file. Its lines are those of redis-check-rdb, with some more at the end.
struct RDBCheckProgram {
    let path: String
    let fixes: Bool
    /// The check of the commands that follow, if the file is to be read as an append-only one.
    let tail: AppendOnlyCheckProgram?

    func run() -> Int32 {
        let file: CheckedFile
        switch CheckedFile.open(path) {
        case .success(let opened): file = opened
        case .failure(let failure): return fail(failure.reason)
        }
        defer { file.close() }
        print("[offset 0] Checking RDB file \(path)")
        let report = Self.check(file)
        let rest = file.byteCount - Int64(report.byteCount)
        let hasTail = tail != nil && report.damage == nil && rest > 0 && file.beginsCommand(at: report.byteCount)
        Self.show(report, trailingByteCount: hasTail ? 0 : rest)
        guard report.damage == nil else { return fixes ? fix(file) : 1 }
        guard hasTail, let tail else { return 0 }
        return tail.run(behind: report, of: file)
    }

    static func check(_ file: CheckedFile, salvageDescriptor: Int32? = nil) -> RDBCheck.Report {
        let descriptor = file.descriptor
        lseek(descriptor, 0, SEEK_SET)
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let now = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return RDBCheck(
            descriptor: descriptor, byteCount: Int(file.byteCount), now: now, salvageDescriptor: salvageDescriptor
        ).run()
    }

    private func fail(_ text: String) -> Int32 {
        KeyValueProgram.writeError(text + "\n")
        return 1
    }

    private static var errorText: String { CheckedFile.errorText }

    // MARK: - Report

    /// - Parameter trailingByteCount: bytes behind the end that nothing is known of.
    static func show(_ report: RDBCheck.Report, trailingByteCount: Int64) {
        for field in report.auxiliary { print("[info] AUX FIELD \(field.name) = '\(field.value)'") }
        if let damage = report.damage {
            print("--- RDB ERROR DETECTED ---")
            print("[offset \(damage.offset)] \(damage.text)")
            print("[additional info] While doing: \(name(of: damage.stage))")
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
            if trailingByteCount > 0 { print("[info] \(trailingByteCount) bytes follow the end") }
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
    private func fix(_ file: CheckedFile) -> Int32 {
        let temporaryPath = "\(path).fixed-\(getpid())"
        let damagedPath = path + ".damaged"
        guard access(damagedPath, F_OK) != 0 else {
            return fail("\(damagedPath) exists already: move it away first")
        }
        let target = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard target >= 0 else { return fail("Cannot write \(temporaryPath): \(Self.errorText)") }
        let report = Self.check(file, salvageDescriptor: target)
        close(target)
        guard report.version > 0 else {
            unlink(temporaryPath)
            return fail("Nothing of \(path) can be read: it is left as it is")
        }
        if let damage = report.damage, damage.text.hasPrefix("what could be read") {
            unlink(temporaryPath)
            return fail(damage.text)
        }
        guard link(path, damagedPath) == 0, rename(temporaryPath, path) == 0, SnapshotFile.syncDirectory(of: path)
        else { return fail("Cannot replace \(path): \(Self.errorText)") }
        print("[info] \(path) now has the \(report.keyCount) keys that could be read, \(damagedPath) is as it was")
        if report.isOfAppendOnlyFile {
            print("[info] Commands behind its snapshot, if there were any, are in \(damagedPath) alone")
        }
        return 0
    }
}
