@testable import PoolerConfiguration

/// Files in memory, for closures that read.
struct FileSet {
    struct Missing: Error, CustomStringConvertible {
        var description: String { "No such file or directory" }
    }

    var files: [String: [UInt8]] = [:]

    init(_ texts: [String: String] = [:]) {
        files = texts.mapValues { Array($0.utf8) }
    }

    func read(_ path: String) throws -> [UInt8] {
        guard let bytes = files[path] else { throw Missing() }
        return bytes
    }

    /// Loads "main.ini".
    func load(startingWith start: PoolerSettings = SettingTable.defaults) throws -> LoadedConfiguration {
        try LoadedConfiguration.load("main.ini", startingWith: start, read: read)
    }
}

/// What one main file says.
func load(_ text: String) throws -> LoadedConfiguration { try FileSet(["main.ini": text]).load() }

/// Why one main file is refused.
func failure(_ text: String) -> String {
    do {
        let loaded = try load(text)
        return "no failure: \(loaded.snapshot)"
    } catch {
        return "\(error)"
    }
}

/// The entry of one line of [databases].
func database(_ text: String, name: String = "app") throws -> DatabaseEntry {
    try DatabaseEntry(name: name, connectionString: text)
}
