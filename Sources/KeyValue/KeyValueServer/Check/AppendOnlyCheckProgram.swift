// The check of an append-only file, which goes through its files in the order in which they are loaded. Its lines are
// those of redis-check-aof, with some more.

import Glibc
import KeyValueCommands
import KeyValuePersistence

/// The check of an append-only file, and what is cut off of it if that is wanted.
struct AppendOnlyCheckProgram {
    let arguments: CheckArguments
    private let commands = LoggedCommandCheck()

    init(arguments: CheckArguments) { self.arguments = arguments }

    /// A file of the set while it is checked.
    private struct Part {
        let file: CheckedFile
        let name: String
        /// What it is, for messages.
        let title: String
        let isLast: Bool
        /// What is known of the files before it.
        let before: Findings

        func excess(behind offset: Int64) -> Int64 { file.byteCount - offset }
    }

    /// What was found out, of one file or of all so far.
    private struct Findings {
        /// Nothing is wrong, or not any more.
        var isInOrder = true
        /// Some annotation told the time.
        var hasTimes = false

        static let damaged = Findings(isInOrder: false)

        mutating func add(_ other: Findings) {
            isInOrder = isInOrder && other.isInOrder
            hasTimes = hasTimes || other.hasTimes
        }
    }

    func run() -> Int32 {
        do throws(AppendOnlyFailure) {
            return check(try AppendOnlySet(path: arguments.path))
        } catch {
            return fail(error.reason)
        }
    }

    /// Goes on behind the snapshot that a file of Redis 6 or older begins with.
    func run(behind snapshot: RDBCheck.Report, of file: CheckedFile) -> Int32 {
        print("Start checking Old-Style AOF")
        let part = Part(file: file, name: arguments.path, title: "AOF", isLast: true, before: Findings())
        return checkCommands(part, behind: snapshot).isInOrder ? 0 : 1
    }

    private func fail(_ text: String) -> Int32 {
        // In order with what was printed before.
        fflush(nil)
        KeyValueProgram.writeError(text + "\n")
        return 1
    }

    // MARK: - The set

    private func check(_ set: AppendOnlySet) -> Int32 {
        introduce(set)
        var found = Findings()
        for (index, member) in set.members.enumerated() {
            if member.role == .increment, index == 0 || set.members[index - 1].role == .base {
                print("Start to check INCR files.")
            }
            found.add(check(member, isLast: index == set.members.count - 1, before: found))
        }
        if case .cut = arguments.change, found.isInOrder, !found.hasTimes {
            return fail("There are no timestamps (#TS:) in the files: nothing was cut off")
        }
        if found.isInOrder, set.manifestName != nil { print("All AOF files and manifest are valid") }
        return found.isInOrder ? 0 : 1
    }

    private func introduce(_ set: AppendOnlySet) {
        guard let manifest = set.manifestName else { return print("Start checking Old-Style AOF") }
        print("Start checking Multi Part AOF")
        let incrementCount = set.members.count { $0.role == .increment }
        print(
            "[info] \(manifest) names \(set.members.count - incrementCount) base, \(incrementCount) increments, "
                + "\(set.historyCount) of the past")
        for name in set.strangers { print("[info] \(name) is not named by the manifest") }
    }

    private func check(_ member: AppendOnlySet.Member, isLast: Bool, before: Findings) -> Findings {
        switch CheckedFile.open(member.path) {
        case .failure(let failure):
            _ = fail(failure.reason)
            return .damaged
        case .success(let file):
            defer { file.close() }
            let title = member.role == .whole ? "AOF" : member.role == .base ? "BASE AOF" : "INCR AOF"
            let hasSnapshot = member.role != .increment && file.beginsWithSnapshot
            if member.role == .base { print("Start to check BASE AOF (\(hasSnapshot ? "RDB" : "RESP") format).") }
            let part = Part(file: file, name: member.name, title: title, isLast: isLast, before: before)
            return hasSnapshot ? checkSnapshot(part) : checkCommands(part, behind: nil)
        }
    }

    private func checkSnapshot(_ part: Part) -> Findings {
        let report = RDBCheckProgram.check(part.file)
        RDBCheckProgram.show(report, trailingByteCount: 0)
        guard report.damage != nil else { return checkCommands(part, behind: report) }
        print("RDB preamble of AOF file \(part.name) is not sane, aborting.")
        if arguments.change == .fix { print("To keep what can be read of it: atoll kv check --fix \(part.file.path)") }
        return .damaged
    }

    // MARK: - The commands of a file

    private func checkCommands(_ part: Part, behind snapshot: RDBCheck.Report?) -> Findings {
        if snapshot != nil { print("RDB preamble is OK, proceeding with AOF tail...") }
        guard part.file.byteCount > 0 else {
            print("\(part.title) \(part.name) is empty")
            return Findings()
        }
        var untilSeconds: Int64?
        if case .cut(let seconds) = arguments.change { untilSeconds = seconds }
        let report = AppendOnlyFileCheck(
            descriptor: part.file.descriptor, from: Int64(snapshot?.byteCount ?? 0), byteCount: part.file.byteCount,
            untilSeconds: untilSeconds, refusal: commands.refusal
        ).run()
        show(report, part)
        var isInOrder = true
        if report.damage != nil {
            isInOrder = mend(part, report)
        } else if let untilSeconds {
            isInOrder = cut(part, report, untilSeconds: untilSeconds)
        }
        if let refusal = report.refusal {
            print(
                "AOF \(part.name) has \(report.refusedCount) commands that the server does not load, the first at "
                    + "offset \(refusal.offset): \(refusal.text)")
            isInOrder = false
        } else if report.damage == nil, report.laterOffset == nil {
            print("\(part.title) \(part.name) is valid")
        }
        return Findings(isInOrder: isInOrder, hasTimes: report.times != nil)
    }

    private func show(_ report: AppendOnlyFileCheck.Report, _ part: Part) {
        if let damage = report.damage {
            print("--- AOF ERROR DETECTED ---")
            print("[offset \(damage.offset)] \(part.name): \(damage.text)")
        }
        let times = report.times.map { ", timestamps \($0.first) to \($0.last)" } ?? ""
        print("[info] \(report.requestCount) commands read\(times)")
        guard report.laterOffset == nil else { return }
        print(
            "AOF analyzed: filename=\(part.name), size=\(part.file.byteCount), ok_up_to=\(report.wholeByteCount), "
                + "ok_up_to_line=\(report.wholeLineNumber), diff=\(part.excess(behind: report.wholeByteCount))")
    }

    // MARK: - Cutting off

    /// Cuts off what is not whole, if that is wanted.
    /// - Returns: whether the file is whole then.
    private func mend(_ part: Part, _ report: AppendOnlyFileCheck.Report) -> Bool {
        guard arguments.change == .fix else {
            let advice = arguments.change == .none ? " Use the --fix option to try fixing it." : ""
            print("AOF \(part.name) is not valid.\(advice)")
            return false
        }
        if let reason = obstacle(part, report) {
            print("Failed to truncate AOF \(part.name) because \(reason)")
            if !part.isLast { adviseOnLaterFiles() }
            return false
        }
        let offset = report.wholeByteCount
        print(
            "This will shrink the AOF \(part.name) from \(part.file.byteCount) bytes, with "
                + "\(part.excess(behind: offset)) bytes, to \(offset) bytes")
        guard isConfirmed() else {
            print("Aborting...")
            return false
        }
        return truncate(part, to: offset, done: "Successfully truncated AOF \(part.name)")
    }

    /// Why the file is not to be cut off, or nil.
    private func obstacle(_ part: Part, _ report: AppendOnlyFileCheck.Report) -> String? {
        if !part.isLast { return "it is not the last file" }
        if !part.before.isInOrder { return "the files before it are not in order" }
        return report.damage?.isCurable == false ? "that would not mend it" : nil
    }

    /// Cuts off what is later than the time asked for.
    /// - Returns: whether the file is as asked for then.
    private func cut(_ part: Part, _ report: AppendOnlyFileCheck.Report, untilSeconds: Int64) -> Bool {
        guard let offset = report.laterOffset else {
            print("Truncate nothing in AOF \(part.name) to timestamp \(untilSeconds)")
            return true
        }
        // How old a snapshot is, no annotation tells: an increment may become empty only behind files that tell it.
        guard offset > 0 || part.before.hasTimes else {
            print("AOF \(part.name) has nothing before timestamp \(untilSeconds), aborting...")
            return false
        }
        if let reason = obstacle(part, report) {
            print(
                "Failed to truncate AOF \(part.name) to timestamp \(untilSeconds) to offset \(offset) because "
                    + "\(reason).")
            if !part.isLast { adviseOnLaterFiles() }
            return false
        }
        print(
            "This shrinks the AOF \(part.name) from \(part.file.byteCount) bytes, with "
                + "\(part.excess(behind: offset)) bytes, to \(offset) bytes")
        return truncate(part, to: offset, done: "Successfully truncated AOF \(part.name) to timestamp \(untilSeconds)")
    }

    private func adviseOnLaterFiles() {
        print(
            "If you insist, please delete all files after this file according to the manifest file and delete the "
                + "corresponding records in manifest file manually. Then check again.")
    }

    private func truncate(_ part: Part, to offset: Int64, done: String) -> Bool {
        if let reason = part.file.cut(at: offset) {
            print("Failed to truncate AOF \(part.name): \(reason)")
            return false
        }
        print(done)
        return true
    }

    private func isConfirmed() -> Bool {
        if arguments.isAnswered { return true }
        print("Continue? [y/N]: ", terminator: "")
        fflush(nil)
        return readLine()?.first.map { $0 == "y" || $0 == "Y" } ?? false
    }
}
