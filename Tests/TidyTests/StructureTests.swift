import Foundation
import Testing

@Suite("Structure of the package")
struct StructureTests {
    private let repository = Repository.current
    private let package: PackageDescription

    init() throws {
        package = try PackageDescription(root: Repository.current.root)
    }

    /// Modules that come with the toolchain and need no declaration.
    private static let toolchainModules: Set<String> = [
        "Swift", "Foundation", "FoundationEssentials", "Dispatch", "Synchronization", "Glibc", "Testing",
        "RegexBuilder", "_Concurrency", "_StringProcessing",
    ]
    /// Products that carry modules of other names.
    private static let modulesByProduct: [String: Set<String>] = [:]

    @Test("Every import of a target is among the dependencies that it declares")
    func importsAreDeclared() {
        let violations = package.targets.filter { !$0.isTest }.flatMap { target in
            let declared = target.dependencies.reduce(into: Self.toolchainModules) { modules, name in
                modules.formUnion(Self.modulesByProduct[name] ?? [name])
            }
            return repository.swiftFiles(in: target.path).flatMap { file in
                file.imports.filter { !declared.contains($0.module) }.map { found in
                    file.place(found.line, "\(target.name) imports \(found.module) and does not declare it")
                }
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    /// Where arrows between our own targets may point, by folder under Sources: whole folders, or single targets.
    private static let allowedArrows: [String: (folders: Set<String>, targets: Set<String>)] = [
        "Shared": (["Shared"], []),
        "KeyValue": (["Shared", "KeyValue"], []),
        "Postgres": (["Shared", "Postgres"], []),
        "Pooler": (["Shared", "Pooler"], ["PostgresWire"]),
        "ObjectStore": (["Shared", "ObjectStore"], []),
        "Edge": (["Shared", "Edge"], []),
        // PostgreSQL is not ours: PostgresCluster is the driver of an outside engine, and Control drives it.
        "Control": (["Shared", "Control"], ["PostgresCluster", "PostgresWire"]),
        "CLI": (["Shared", "KeyValue", "Postgres", "Pooler", "ObjectStore", "Edge", "Control", "CLI"], []),
    ]
    /// Targets with narrower walls than their folder's.
    private static let leafTargets: Set<String> = ["ControlModel"]

    @Test("Arrows between our targets point the way the design says, in the manifest and in the imports")
    func arrows() {
        let ours = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
        var violations: [String] = []
        for target in package.targets where !target.isTest {
            let folder = Self.folder(of: target)
            guard let allowed = Self.allowedArrows[folder] else {
                violations.append("\(target.path): no row in the table of arrows for the folder \(folder)")
                continue
            }
            func isAllowed(_ name: String) -> Bool {
                guard let other = ours[name], name != target.name else { return true }
                if Self.leafTargets.contains(target.name) { return false }
                return allowed.targets.contains(name) || allowed.folders.contains(Self.folder(of: other))
            }
            violations += target.dependencies.filter { !isAllowed($0) }.sorted().map {
                "Package.swift: \(target.name) may not depend on \($0)"
            }
            for file in repository.swiftFiles(in: target.path) {
                violations += file.imports.filter { !isAllowed($0.module) }.map {
                    file.place($0.line, "\(target.name) may not import \($0.module)")
                }
            }
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    private static func folder(of target: PackageDescription.Target) -> String {
        let parts = target.path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    @Test("Every target of Sources is named in docs/architecture.md")
    func architectureNamesTargets() throws {
        let page = try #require(
            repository.files.first { $0.path == "docs/architecture.md" }, "docs/architecture.md is missing")
        let words = Set(page.text.split { !($0.isLetter || $0.isNumber || $0 == "_") })
        let violations = package.targets.filter { !$0.isTest }.compactMap { target -> String? in
            let name = target.path.split(separator: "/").last ?? ""
            return words.contains(name) ? nil : "docs/architecture.md:1: \(target.path) is not named"
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test("Every folder of sources belongs to a target, so that no file is silently left out of the build")
    func everyFileBelongs() {
        let violations = repository.swiftFiles(in: "Sources").filter { file in
            !package.targets.contains { file.path.hasPrefix($0.path + "/") }
        }.map { $0.place(0, "no target holds this file") }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}
