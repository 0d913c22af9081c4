import Foundation

/// The manifest as SwiftPM itself reads it, in the parts that the tests of structure need.
struct PackageDescription {
    /// A target of the package.
    struct Target {
        let name: String
        /// Where its sources are, below the root.
        let path: String
        /// The modules that it may import: targets of ours and products of others.
        let dependencies: Set<String>
        /// Whether it is a test target.
        let isTest: Bool
    }

    let targets: [Target]

    /// Asks `swift package dump-package`, in a scratch directory of its own because the test run holds the lock on
    /// the usual one. Nothing is resolved or fetched for it.
    init(root: URL) throws {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "atoll-tidy-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", root.path(), "--scratch-path", scratch.path(), "dump-package",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        targets = try JSONDecoder().decode(Dump.self, from: output).targets.map { target in
            let folder = target.type == "test" ? "Tests" : "Sources"
            return Target(
                name: target.name, path: target.path ?? "\(folder)/\(target.name)",
                dependencies: Set(target.dependencies.compactMap(\.name)), isTest: target.type == "test")
        }
    }

    /// The JSON that SwiftPM prints.
    private struct Dump: Decodable {
        struct Target: Decodable {
            let name: String
            let type: String
            let path: String?
            let dependencies: [Dependency]
        }

        /// `{"byName": ["Name", null]}` or `{"product": ["Name", "package", null, null]}` or `{"target": [...]}`.
        struct Dependency: Decodable {
            let name: String?

            init(from decoder: any Decoder) throws {
                let fields = try decoder.singleValueContainer().decode([String: [Part]].self)
                name = fields.values.first?.first?.text
            }
        }

        /// A string, or anything else, which is not looked at.
        struct Part: Decodable {
            let text: String?

            init(from decoder: any Decoder) throws {
                text = try? decoder.singleValueContainer().decode(String.self)
            }
        }

        let targets: [Target]
    }
}

extension TextFile {
    /// The modules that the file imports, each with its line.
    var imports: [(module: String, line: Int)] {
        codeLines.enumerated().compactMap { line, code in
            let words = code.split(separator: " ")
            guard let position = words.firstIndex(of: "import"), position + 1 < words.count,
                words[..<position].allSatisfy({ $0.hasPrefix("@") || Self.accessLevels.contains($0) })
            else { return nil }
            // `import struct Module.Name` names the kind first; submodules follow a dot.
            let name = Self.importKinds.contains(words[position + 1]) ? words.dropFirst(position + 2).first : nil
            let module = (name ?? words[position + 1]).split(separator: ".").first
            return module.map { (String($0), line) }
        }
    }

    private static let accessLevels: Set<Substring> = ["package", "public", "internal", "private", "fileprivate"]
    private static let importKinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
    ]
}
