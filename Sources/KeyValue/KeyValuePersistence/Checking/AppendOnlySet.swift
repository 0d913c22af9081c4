import Bytes
import Glibc

/// The files that a path stands for when an append-only file is checked: a manifest and what it names, or one file.
package struct AppendOnlySet: Sendable {
    /// What a file is in the set.
    package enum Role: Sendable {
        /// All there is: an append-only file of Redis 6 or older.
        case whole
        case base
        case increment
    }

    package struct Member: Sendable, Equatable {
        package let name: String
        package let path: String
        package let role: Role
    }

    /// What is loaded, in order.
    package let members: [Member]
    /// Name of the manifest; nil where there is one file alone.
    package let manifestName: String?
    /// Files that the manifest keeps for removal.
    package let historyCount: Int
    /// Files beside the manifest that it does not name, sorted: nobody loads them.
    package let strangers: [String]

    /// - Parameter path: of a manifest, of the directory that has one, or of one file.
    package init(path: String) throws(AppendOnlyFailure) {
        guard let manifest = try Self.manifestPath(path) else {
            let member = Member(name: path, path: path, role: .whole)
            self.init(members: [member], manifestName: nil, historyCount: 0, strangers: [])
            return
        }
        try self.init(manifestPath: manifest)
    }

    private init(members: [Member], manifestName: String?, historyCount: Int, strangers: [String]) {
        self.members = members
        self.manifestName = manifestName
        self.historyCount = historyCount
        self.strangers = strangers
    }

    private init(manifestPath: String) throws(AppendOnlyFailure) {
        let manifest = try AppendOnlyManifest(path: manifestPath)
        let split = manifestPath.lastIndex(of: "/")
        let directory = split.map { String(manifestPath[...$0]) } ?? ""
        let manifestName = split.map { String(manifestPath[manifestPath.index(after: $0)...]) } ?? manifestPath
        func member(_ file: AppendOnlyManifest.File, _ role: Role) -> Member {
            Member(name: file.name, path: directory + file.name, role: role)
        }
        let named = Set((manifest.loaded + manifest.history).map(\.name) + [manifestName])
        self.init(
            members: (manifest.base.map { [member($0, .base)] } ?? [])
                + manifest.increments.map { member($0, .increment) },
            manifestName: manifestName, historyCount: manifest.history.count,
            strangers: Self.files(in: directory.isEmpty ? "." : directory).filter { !named.contains($0) })
    }

    // MARK: - Paths

    private static let manifestSuffix = ".manifest"

    /// The manifest that the path stands for, if it does.
    private static func manifestPath(_ path: String) throws(AppendOnlyFailure) -> String? {
        guard isDirectory(path) else { return isManifest(path) ? path : nil }
        let names = files(in: path).filter { $0.hasSuffix(manifestSuffix) && !$0.hasPrefix("temp-") }
        guard names.count == 1, let name = names.first else {
            throw AppendOnlyFailure(
                names.isEmpty
                    ? "There is no manifest (*.manifest) in \(path)"
                    : "There are several manifests in \(path), name one of them: \(names.joined(separator: ", "))")
        }
        return path.hasSuffix("/") ? path + name : "\(path)/\(name)"
    }

    /// Whether the path stands for a set, or for one: its manifest or its directory.
    package static func isSet(_ path: String) -> Bool { isDirectory(path) || isManifest(path) }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// By its name, or because its first line that is no comment begins as those of manifests do.
    private static func isManifest(_ path: String) -> Bool {
        if path.hasSuffix(manifestSuffix) { return true }
        let lines = head(of: path).split(separator: 0x0A)
        return lines.first { $0.first != 0x23 }?.starts(with: "file".utf8) ?? false
    }

    /// The first bytes of a file, as far as it can be read.
    package static func head(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: headByteCount)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return Array(bytes.prefix(max(count, 0)))
    }

    /// Enough for some lines of comments.
    private static let headByteCount = 16 << 10

    private static func files(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { $0.printed }
            if !name.hasPrefix("."), !isDirectory("\(directory)/\(name)") { names.append(name) }
        }
        return names.sorted()
    }
}
