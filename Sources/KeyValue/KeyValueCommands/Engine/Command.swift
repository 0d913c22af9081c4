package import Bytes
import CMemory

/// What executes a command. It replies through the call, exactly once.
package typealias CommandHandler = @Sendable (inout Call) -> Void

/// A command at run time: what dispatch needs of its row, and its statistics. At a fixed address for the life of the
/// process.
package struct Command {
    /// The row that it was made from.
    package let row: CommandRow
    /// "get", "config|get".
    package let fullName: String
    /// Arguments with the name; negative: at least that many.
    let arity: Int
    /// Where its keys are.
    let keyRange: KeyRange
    package let flags: CommandFlags
    /// Whether the argument behind its only key is a member of a set or a field of a hash, as a rule.
    let namesMember: Bool
    package let handler: CommandHandler?
    /// What its reply shows, for replies that wait for the disk.
    let disclosure: Disclosure
    /// Nil for commands that are no subcommands.
    package let container: UnsafeMutablePointer<Command>?
    /// Subcommands by name.
    package internal(set) var subcommands: [String: UnsafeMutablePointer<Command>] = [:]
    /// Its position in the directory's order.
    package let index: Int

    // Statistics, reset by CONFIG RESETSTAT.
    package var callCount = 0
    package var ticks: UInt64 = 0
    package var rejectedCallCount = 0
    package var failedCallCount = 0
    /// Latencies by powers of two and eighths between: allocated on first use.
    package var latencies: UnsafeMutablePointer<UInt32>?

    @inline(__always)
    func accepts(argumentCount: Int) -> Bool {
        arity > 0 ? argumentCount == arity : argumentCount >= -arity
    }
}

/// All commands by name. Read-only after the start, when `rename-command` has been applied.
package struct CommandDirectory: ~Copyable {
    /// Every command and subcommand, in the order of the table.
    package private(set) var all: [UnsafeMutablePointer<Command>] = []
    /// Open addressing by a hash of the lower-case name: at most half full.
    private let slots: UnsafeMutablePointer<Slot>
    private static let slotCount = 1024

    private struct Slot {
        var name: ByteSlice
        var command: UnsafeMutablePointer<Command>?
    }

    package init(rows: [CommandRow]) {
        slots = .allocate(capacity: Self.slotCount)
        slots.initialize(repeating: Slot(name: ByteSlice(start: nil, count: 0), command: nil), count: Self.slotCount)
        for row in rows {
            let command = add(row, container: nil)
            insert(row.name, command)
        }
    }

    private mutating func add(
        _ row: CommandRow, container: UnsafeMutablePointer<Command>?
    ) -> UnsafeMutablePointer<Command> {
        let command = UnsafeMutablePointer<Command>.allocate(capacity: 1)
        let name = container.map { "\($0.pointee.row.name)|\(row.name)" } ?? row.name
        command.initialize(
            to: Command(
                row: row, fullName: name, arity: row.arity, keyRange: row.keyRange, flags: row.flags,
                namesMember: (row.group == .set || row.group == .hash) && row.keyRange.first == 1
                    && row.keyRange.last == 1,
                handler: row.handler, disclosure: Disclosure(row, range: row.keyRange),
                container: container, index: all.count))
        all.append(command)
        for subcommand in row.subcommands {
            command.pointee.subcommands[subcommand.name] = add(subcommand, container: command)
        }
        return command
    }

    private mutating func insert(_ name: String, _ command: UnsafeMutablePointer<Command>) {
        var name = name.lowercased()
        name.withUTF8 { utf8 in
            let copy = UnsafeMutableRawPointer.allocate(byteCount: max(utf8.count, 1), alignment: 1)
            if let start = utf8.baseAddress { copy.copyMemory(from: start, byteCount: utf8.count) }
            let key = ByteSlice(start: copy, count: utf8.count)
            var index = Self.hash(key)
            while slots[index].command != nil { index = (index + 1) & (Self.slotCount - 1) }
            slots[index] = Slot(name: key, command: command)
        }
    }

    /// FNV-1a over the lower-case name; long names differ early enough.
    @inline(__always)
    private static func hash(_ name: ByteSlice) -> Int {
        var hash: UInt32 = 2_166_136_261
        for offset in 0..<min(name.count, 24) {
            hash = (hash ^ UInt32(ASCIICase.lowered(name.byte(at: offset)))) &* 16_777_619
        }
        return Int(hash ^ hash >> 15) & (slotCount - 1)
    }

    /// The command of that name, in any case of letters.
    @inline(__always)
    package func find(_ name: ByteSlice) -> UnsafeMutablePointer<Command>? {
        var index = Self.hash(name)
        while let command = slots[index].command {
            if Self.equals(slots[index].name, name) { return command }
            index = (index + 1) & (Self.slotCount - 1)
        }
        return nil
    }

    @inline(__always)
    private static func equals(_ lowercase: ByteSlice, _ name: ByteSlice) -> Bool {
        guard lowercase.count == name.count else { return false }
        for offset in 0..<name.count where ASCIICase.lowered(name.byte(at: offset)) != lowercase.byte(at: offset) {
            return false
        }
        return true
    }

    /// The commands that some name leads to, in the order of the table, without subcommands.
    package var reachable: [UnsafeMutablePointer<Command>] {
        let reached = Set((0..<Self.slotCount).compactMap { slots[$0].command })
        return all.filter(reached.contains)
    }

    /// rename-command: takes the name away and, unless the new one is empty, gives another.
    /// - Returns: false when there is no command of that name, or there is one of the new name.
    package mutating func rename(_ name: String, to newName: String) -> Bool {
        var text = name
        guard let command = text.withUTF8({ find(ByteSlice($0)) }) else { return false }
        var target = newName
        guard newName.isEmpty || target.withUTF8({ find(ByteSlice($0)) }) == nil else { return false }
        let remaining = (0..<Self.slotCount).compactMap { index -> (String, UnsafeMutablePointer<Command>)? in
            guard let other = slots[index].command, other != command else { return nil }
            return (slots[index].name.text, other)
        }
        for index in 0..<Self.slotCount { slots[index].command = nil }
        for (otherName, other) in remaining { insert(otherName, other) }
        if !newName.isEmpty { insert(newName, command) }
        return true
    }
}
