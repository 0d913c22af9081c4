// The list of files that an append-only file of Redis 7 consists of.
//
//     file appendonly.aof.2.base.rdb seq 2 type b
//     file appendonly.aof.1.incr.aof seq 1 type h
//     file appendonly.aof.3.incr.aof seq 3 type i
//
// One base at most, a snapshot; increments, in the order of their numbers, with what was done since; and files of the
// past, which nobody needs and which may still be there. Base first, then history, then increments. Further pairs of
// words on a line are for later versions.

package import Bytes
import Glibc
import RESP

/// What is wrong with a file, or with what was to be done to it; in words for the log.
package struct AppendOnlyFailure: Error, Equatable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// The files of an append-only file, in order.
package struct AppendOnlyManifest: Equatable, Sendable {
    /// A file of the set.
    package struct File: Equatable, Sendable {
        /// Without a directory.
        package var name: String
        package var sequence: Int64

        package init(name: String, sequence: Int64) {
            self.name = name
            self.sequence = sequence
        }
    }

    package var base: File?
    package var history: [File] = []
    package var increments: [File] = []
    /// The highest numbers given so far.
    package private(set) var baseSequence: Int64 = 0
    package private(set) var incrementSequence: Int64 = 0

    package init() {}

    /// Whether there is nothing to load.
    package var isEmpty: Bool { base == nil && increments.isEmpty }
    /// What is to be loaded, in order.
    package var loaded: [File] { (base.map { [$0] } ?? []) + increments }

    // MARK: - Changes

    /// Gives a new base its name; the old one and all increments but the last `kept` become history.
    package mutating func replaceBase(fileName: String, isRDB: Bool, keptIncrementCount kept: Int) -> File {
        if let base { history.insert(base, at: 0) }
        baseSequence += 1
        let file = File(name: "\(fileName).\(baseSequence).base.\(isRDB ? "rdb" : "aof")", sequence: baseSequence)
        base = file
        let goneCount = max(increments.count - kept, 0)
        for file in increments.prefix(goneCount) { history.insert(file, at: 0) }
        increments.removeFirst(goneCount)
        return file
    }

    /// Adds an increment.
    package mutating func addIncrement(fileName: String) -> File {
        incrementSequence += 1
        let file = File(name: "\(fileName).\(incrementSequence).incr.aof", sequence: incrementSequence)
        increments.append(file)
        return file
    }

    /// Takes an append-only file of the time before there was a manifest as its base.
    package mutating func adoptOldFile(named name: String) {
        base = File(name: name, sequence: 1)
        baseSequence = 1
    }

    // MARK: - Text

    /// The contents of the manifest file.
    package var text: String {
        func line(_ file: File, _ type: Character) -> String {
            "file \(Self.quoted(file.name)) seq \(file.sequence) type \(type)\n"
        }
        let lines =
            (base.map { [line($0, "b")] } ?? []) + history.map { line($0, "h") } + increments.map { line($0, "i") }
        return lines.joined()
    }

    /// Names that would not read back as one word stand between quotes.
    private static func quoted(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x27 && $0 != 0x5C }
        return isPlain && !name.isEmpty ? name : QuotedText.quoted(name)
    }

    /// Bytes of a line at most, its end included.
    private static let lineByteCountMax = 1024

    /// Reads a manifest file.
    package init(path: String) throws(AppendOnlyFailure) {
        func failure(_ reason: String) -> AppendOnlyFailure {
            AppendOnlyFailure("\(reason): \(String(cString: strerror(errno)))")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            throw failure("can't open the AOF manifest file \(name) for reading")
        }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure("Read AOF manifest failed")
            }
            contents += chunk[..<count]
        }
        let result = contents.withUnsafeBytes { bytes in
            Result { () throws(AppendOnlyFailure) in try AppendOnlyManifest(bytes) }
        }
        self = try result.get()
    }

    /// Reads the contents of a manifest file.
    package init(_ bytes: ByteSlice) throws(AppendOnlyFailure) {
        guard bytes.count > 0 else { throw AppendOnlyFailure("Found an empty AOF manifest") }
        var offset = 0
        var number = 0
        while offset < bytes.count {
            number += 1
            guard let end = (offset..<bytes.count).first(where: { bytes.byte(at: $0) == 0x0A }),
                end - offset < Self.lineByteCountMax
            else {
                throw AppendOnlyFailure("line \(number): The AOF manifest file contains too long line")
            }
            let line = bytes.slice(offset, end)
            offset = end + 1
            if line.count > 0, line.byte(at: 0) == 0x23 { continue }
            do throws(AppendOnlyFailure) {
                try add(line)
            } catch {
                throw AppendOnlyFailure("line \(number), '\(line.printed)': \(error.reason)")
            }
        }
    }

    private mutating func add(_ line: ByteSlice) throws(AppendOnlyFailure) {
        let invalid = AppendOnlyFailure("Invalid AOF manifest file format")
        var words = ArgumentVector()
        guard InlineRequest.split(line, into: &words), words.count >= 6, words.count.isMultiple(of: 2) else {
            throw invalid
        }
        var name: String?
        var sequence: Int64 = 0
        var type: UInt8 = 0
        for index in stride(from: 0, to: words.count, by: 2) {
            let (key, value) = (words.arguments[index], words.arguments[index + 1])
            if key.equalsIgnoringCase("file") {
                guard Self.isPlainName(value) else {
                    throw AppendOnlyFailure("File can't be a path, just a filename")
                }
                name = value.text
            } else if key.equalsIgnoringCase("seq") {
                sequence = Decimal.parse(value) ?? 0
            } else if key.equalsIgnoringCase("type") {
                type = value.count > 0 ? value.byte(at: 0) : 0
            }
        }
        guard let name, sequence != 0, type != 0 else { throw invalid }
        try add(File(name: name, sequence: sequence), type)
    }

    private static func isPlainName(_ name: ByteSlice) -> Bool {
        name.count > 0 && !name.contains(0x2F) && !name.contains(0x5C) && !name.contains(0)
    }

    private mutating func add(_ file: File, _ type: UInt8) throws(AppendOnlyFailure) {
        switch type {
        case 0x62:
            guard base == nil else { throw AppendOnlyFailure("Found duplicate base file information") }
            base = file
            baseSequence = file.sequence
        case 0x68: history.append(file)
        case 0x69:
            guard file.sequence > incrementSequence else {
                throw AppendOnlyFailure("Found a non-monotonic sequence number")
            }
            increments.append(file)
            incrementSequence = file.sequence
        default: throw AppendOnlyFailure("Unknown AOF file type")
        }
    }
}
