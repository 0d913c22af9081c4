import Glibc

/// Why the machine could not be read.
package enum MachineProbeFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kernel refused: the path and errno.
    case unreadable(path: String, errorNumber: Int32)
    /// The text has not the form that proc(5) gives.
    case unexpectedText(path: String)

    /// What happened, and to what.
    package var description: String {
        switch self {
        case .unreadable(let path, let errorNumber):
            "\(path) cannot be read: \(String(cString: strerror(errorNumber)))"
        case .unexpectedText(let path):
            "\(path) has an unexpected form"
        }
    }
}

/// The thin shell over the kernel's readings: fetches text, lets the pure types read it.
package struct MachineProbe: Sendable {
    /// The most that is read of one file; /proc/stat on a large machine is tens of kilobytes.
    private static let fileBytesMax = 1 << 20

    private let procPath: String
    private let ticksPerSecond: Int
    private let pageBytes: Int

    /// A probe over /proc, or over a directory of the same form in tests.
    package init(procPath: String = "/proc") {
        self.procPath = procPath
        ticksPerSecond = max(sysconf(Int32(_SC_CLK_TCK)), 1)
        pageBytes = max(sysconf(Int32(_SC_PAGESIZE)), 1)
    }

    /// The processors' time.
    package func processors() throws(MachineProbeFailure) -> ProcessorReading {
        try reading("stat") { ProcessorReading(procStat: $0, ticksPerSecond: ticksPerSecond) }
    }

    /// The load averages.
    package func load() throws(MachineProbeFailure) -> LoadReading {
        try reading("loadavg") { LoadReading(procLoadavg: $0) }
    }

    /// The memory.
    package func memory() throws(MachineProbeFailure) -> MemoryReading {
        try reading("meminfo") { MemoryReading(procMeminfo: $0) }
    }

    /// The file system that holds the path. This blocks while the file system does (NFS).
    package func disk(path: String) throws(MachineProbeFailure) -> DiskReading {
        var answer = statvfs()
        while statvfs(path, &answer) != 0 {
            let errorNumber = errno
            guard errorNumber == EINTR else { throw .unreadable(path: path, errorNumber: errorNumber) }
        }
        return DiskReading(answer)
    }

    /// One process.
    package func process(_ identifier: Int32) throws(MachineProbeFailure) -> ProcessReading {
        let stat = try text("\(identifier)/stat")
        let statm = try text("\(identifier)/statm")
        guard
            let reading = ProcessReading(
                stat: stat, statm: statm, ticksPerSecond: ticksPerSecond, pageBytes: pageBytes)
        else { throw .unexpectedText(path: "\(procPath)/\(identifier)/stat") }
        return reading
    }

    /// Every process there is: one pass serves any number of `ProcessFamilyReading`s. Those that end meanwhile are
    /// left out.
    package func processes() throws(MachineProbeFailure) -> [ProcessReading] {
        guard let directory = opendir(procPath) else {
            throw .unreadable(path: procPath, errorNumber: errno)
        }
        defer { closedir(directory) }
        var identifiers: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let identifier = Int32(name), identifier > 0 { identifiers.append(identifier) }
        }
        return identifiers.compactMap { try? process($0) }
    }

    private func reading<Reading>(
        _ name: String, _ parse: (String) -> Reading?
    ) throws(MachineProbeFailure) -> Reading {
        guard let reading = parse(try text(name)) else { throw .unexpectedText(path: "\(procPath)/\(name)") }
        return reading
    }

    /// The whole file. Files of /proc say that they are 0 bytes long, so it is read until the end comes.
    private func text(_ name: String) throws(MachineProbeFailure) -> String {
        let path = "\(procPath)/\(name)"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, errorNumber: errno) }
        defer { close(descriptor) }
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while contents.count < Self.fileBytesMax {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count > 0 {
                contents += chunk[..<count]
            } else if errno != EINTR {
                throw .unreadable(path: path, errorNumber: errno)
            }
        }
        return String(decoding: contents, as: UTF8.self)
    }
}
