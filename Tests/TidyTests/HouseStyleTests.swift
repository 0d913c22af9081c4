import Foundation
import Testing

@Suite("House style")
struct HouseStyleTests {
    private let repository = Repository.current

    private static let functionLinesMax = 70
    private static let fileLinesMax = 700
    private static let fileLinesWithoutHeaderMax = 300

    @Test("The repository is really read")
    func repositoryIsRead() {
        let paths = Set(repository.files.map(\.path))
        #expect(paths.contains("Package.swift"))
        #expect(paths.contains("Makefile"))
        #expect(repository.sources.count > 20)
    }

    @Test("No file or folder is a drawer for odds and ends")
    func names() {
        let vague = ["Utils", "Utilities", "Helper", "Helpers", "Manager", "Managers", "Misc"]
        let violations = repository.files.filter { file in
            file.path.hasPrefix("Sources/") || file.path.hasPrefix("Tests/")
        }.flatMap { file in
            file.path.split(separator: "/").compactMap { part -> String? in
                let stem = part.split(separator: ".").first ?? part
                guard let word = vague.first(where: { stem.hasSuffix($0) || stem.hasPrefix($0) }) else { return nil }
                return file.place(0, "\"\(word)\" says nothing; name the concept")
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("What can crash or silences the compiler has its reason on the line above")
    func risksAreExplained() {
        let risks = ["try!", "fatalError(", "@unchecked Sendable", "nonisolated(unsafe)"]
        let violations = repository.sources.filter { $0.path.hasSuffix(".swift") }.flatMap { file in
            file.codeLines.enumerated().compactMap { line, code -> String? in
                guard let risk = risks.first(where: code.contains) else { return nil }
                let above = line > 0 ? file.lines[line - 1].drop { $0 == " " } : ""
                return above.hasPrefix("//") ? nil : file.place(line, "\(risk) needs its reason on the line above")
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("Nothing is left for later in a comment")
    func nothingLeftForLater() {
        let marks = ["TO" + "DO", "FIX" + "ME"]
        let texts =
            repository.sources
            + repository.files.filter { file in
                file.path.hasPrefix("scripts/") || file.path.hasPrefix(".ci/") || file.path == "Makefile"
                    || file.path == "Package.swift"
            }
        let violations = texts.filter { file in marks.contains { file.mayHave($0) } }.flatMap { file in
            file.lines.enumerated().compactMap { line, text -> String? in
                let words = text.split { !$0.isLetter }
                return words.contains { marks.contains(String($0)) }
                    ? file.place(line, "do it, or write it down in an issue") : nil
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    /// Functions that were over the limit when the rule came, as "path:length". It may only get shorter.
    private static let longFunctions: Set<String> = []

    @Test("Functions fit a screen: 70 lines at most")
    func functionLength() {
        let violations = repository.sources.filter { $0.path.hasSuffix(".swift") }.flatMap { file in
            SwiftCode.functions(inStripped: file.code).filter { function in
                function.lineCount > Self.functionLinesMax
                    && !Self.longFunctions.contains("\(file.path):\(function.lineCount)")
            }.map { file.place($0.line, "a function of \($0.lineCount) lines; split it") }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("Files hold one concept: 700 lines at most")
    func fileLength() {
        let violations = repository.sources.filter { $0.lineCount > Self.fileLinesMax }.map { file in
            file.place(Self.fileLinesMax, "\(file.lineCount) lines; split it by concept")
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("A file over 300 lines says in its first line what it is for")
    func longFilesSayTheirPurpose() {
        let violations = repository.sources.filter { file in
            file.lineCount > Self.fileLinesWithoutHeaderMax
                && !["//", "/*"].contains { file.text.hasPrefix($0) }
        }.map { $0.place(0, "\($0.lineCount) lines and no comment on top about their purpose") }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("No path of a machine that the project was built on is in it")
    func noMachinePaths() {
        // Put together here so that this file does not name them itself.
        let roots = ["work", "farm", "opt/swift"].map { "/" + $0 }
        let violations = repository.files.filter { file in roots.contains { file.mayHave($0) } }.flatMap { file in
            file.lines.enumerated().compactMap { line, text -> String? in
                let root = roots.first { Self.names(directory: $0, in: text) }
                return root.map { file.place(line, "\($0) is a directory of somebody's machine") }
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    /// Whether the text has the directory as the start of an absolute path with something behind it.
    private static func names(directory: String, in text: Substring) -> Bool {
        text.ranges(of: directory).contains { range in
            let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
            // /opt/swift also stands for its versioned siblings (swift-6.3).
            let rest = text[range.upperBound...].drop { directory.hasSuffix("swift") && ($0.isLetter || $0 == "-") }
            return rest.first == "/" && !(before.isLetter || before.isNumber || "_.".contains(before))
        }
    }

    @Test("Tests do not hide what did not run: a skip says so in its trait, and a known failure is no pass")
    func testsHideNothing() {
        // Neither leaves a trace in the results that the closing count reads.
        let hiding = ["Test.cancel(", "withKnownIssue"]
        let violations = repository.swiftFiles(in: "Tests").flatMap { file in
            file.codeLines.enumerated().compactMap { line, code -> String? in
                hiding.first(where: code.contains).map { file.place(line, "\($0) counts as a pass") }
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}
