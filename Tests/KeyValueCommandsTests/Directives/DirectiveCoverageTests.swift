import Foundation
import Testing

@testable import KeyValueCommands

/// Every directive has an effect that a test shows, or stands in the manual as having none.
@Suite struct DirectiveCoverageTests {
    /// All cases in process, table by table.
    static let cases =
        DirectiveCase.limits + DirectiveCase.encodings + DirectiveCase.memory + DirectiveCase.observation
        + DirectiveCase.persistence

    @Test(arguments: cases) func aDirectiveDoesWhatItSays(_ directive: DirectiveCase) throws {
        #expect(directive.expected != directive.byDefault)
        #expect(try directive.ending("\(directive.name) \(directive.value)") == directive.expected)
        #expect(try directive.ending("") == directive.byDefault)
    }

    /// The names in `@directive("name"` and `@directives("name", "name"` of the scripts that start processes.
    private static func namesInScripts() throws -> Set<String> {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("KeyValueServerTests/Scripts")
        var names: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        where file.pathExtension == "py" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            where line.hasPrefix("@directive(\"") {
                names.insert(String(line.dropFirst("@directive(\"".count).prefix { $0 != "\"" }))
            }
        }
        return names
    }

    @Test func everyDirectiveHasACaseOrIsListedAsHavingNoEffect() throws {
        let tested = Set(Self.cases.map(\.name)).union(try Self.namesInScripts())
        var missing: [String] = []
        var listed: [String] = []
        for row in ConfigurationTable.rows {
            let hasEffect = ConfigurationReference.hasEffect(row)
            if hasEffect, !tested.contains(row.name) { missing.append(row.name) }
            if !hasEffect, tested.contains(row.name) { listed.append(row.name) }
        }
        #expect(missing.isEmpty, "no case shows what these do: \(missing.joined(separator: ", "))")
        #expect(listed.isEmpty, "the manual says that these do nothing: \(listed.joined(separator: ", "))")
        let unknown = tested.filter { ConfigurationTable.find($0)?.name != $0 }
        #expect(unknown.isEmpty, "no such directives: \(unknown.sorted().joined(separator: ", "))")
    }

    @Test func whatTheManualListsAsWithoutEffectExists() {
        let names = Set(ConfigurationTable.rows.map(\.name))
        #expect(ConfigurationReference.withoutEffect.keys.allSatisfy(names.contains))
    }
}
