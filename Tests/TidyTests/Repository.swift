import Foundation

/// The files of this repository, as the tests of style read them.
struct Repository {
    /// The directory that holds Package.swift.
    let root: URL
    /// Every text file that could be committed, sorted by path.
    let files: [TextFile]

    /// The checkout that this test was compiled from, or the one that ATOLL_REPOSITORY names.
    static let current = Repository(
        root: ProcessInfo.processInfo.environment["ATOLL_REPOSITORY"].map { URL(filePath: $0) }
            ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent())

    /// Directories that hold nothing of ours, by name; `.build` and `.venv` also with an ending.
    private static let foreignDirectories: Set<String> = [".git", ".swiftpm", "__pycache__", "node_modules", "tmp"]
    private static let foreignPrefixes = [".build", ".venv"]
    /// What SwiftPM and editors write beside the sources.
    private static let foreignFiles: Set<String> = ["Package.resolved", ".DS_Store"]
    /// Larger files are data, not text that people write.
    private static let textBytesMax = 4 << 20

    init(root: URL) {
        self.root = root
        var paths: [String] = []
        Self.collect(directory: root, prefix: "", into: &paths)
        files = paths.sorted().compactMap { path in
            guard let data = try? Data(contentsOf: root.appending(path: path)), data.count <= Self.textBytesMax,
                !data.contains(0), let text = String(data: data, encoding: .utf8)
            else { return nil }
            return TextFile(path: path, text: text)
        }
    }

    private static func collect(directory: URL, prefix: String, into paths: inout [String]) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path())) ?? []
        for name in names {
            let place = directory.appending(path: name)
            let values = try? place.resourceValues(forKeys: [.isDirectoryKey, .isRegularFileKey])
            if values?.isDirectory == true {
                let isForeign =
                    foreignDirectories.contains(name) || foreignPrefixes.contains { name.hasPrefix($0) }
                if !isForeign { collect(directory: place, prefix: prefix + name + "/", into: &paths) }
            } else if values?.isRegularFile == true, !foreignFiles.contains(name) {
                paths.append(prefix + name)
            }
        }
    }

    /// The Swift files under these folders.
    func swiftFiles(in folders: String...) -> [TextFile] {
        files.filter { file in file.path.hasSuffix(".swift") && folders.contains { file.path.hasPrefix($0 + "/") } }
    }

    /// The Swift and C files that people write.
    var sources: [TextFile] {
        files.filter { file in
            ["Sources/", "Tests/", "Fuzz/", "Benchmarks/"].contains { file.path.hasPrefix($0) }
                && [".swift", ".c", ".h"].contains { file.path.hasSuffix($0) }
        }
    }
}

/// One text file.
struct TextFile {
    /// The path below the repository's root.
    let path: String
    /// The whole text.
    let text: String
    /// The text line by line.
    let lines: [Substring]
    /// Swift code with comments and the contents of strings blanked; empty for other files.
    let code: String
    /// The same line by line.
    let codeLines: [Substring]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = path.hasSuffix(".swift") ? SwiftCode.strippingCommentsAndStrings(text) : ""
        codeLines = code.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The number of lines as an editor counts them.
    var lineCount: Int { text.hasSuffix("\n") ? lines.count - 1 : lines.count }

    /// Whether the text has this piece anywhere: a quick look before a slow one.
    func mayHave(_ piece: String) -> Bool { text.utf8.firstRange(of: piece.utf8) != nil }

    /// "path:line: text", for messages; lines count from 0 here and from 1 in the message.
    func place(_ line: Int, _ remark: String) -> String { "\(path):\(line + 1): \(remark)" }
}
