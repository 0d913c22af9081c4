import ControlModel
import Settings

/// How a cluster's data is kept, as wanted and as it lies on disk.
///
/// A server that starts with `appendonly yes` reads the append log and nothing else, and one with `appendonly no` reads
/// the dump and nothing else. So a change of the method never goes through the file first: the running server is told,
/// writes the new form whole, and only then does the file say so. Until then the file keeps the form that the data has.
struct KeyValuePersistence: Sendable, Equatable {
    enum Method: String, Sendable {
        case off
        case dump = "rdb"
        case appendLog = "aof"
    }

    /// What is on disk.
    struct Disk: Sendable, Equatable {
        var hasAppendLog: Bool
        var hasDump: Bool
    }

    let method: Method
    /// Pairs of seconds and changes; empty: no dump is written without being asked for.
    let savePoints: String
    /// What the file has to say so that a server that starts now finds the data.
    let startsWithAppendLog: Bool
    /// The server has to be told to change the method, once it runs.
    var needsSwitch: Bool { startsWithAppendLog != (method == .appendLog) }

    /// Snapshots as DigitalOcean takes them: every ten minutes, if a key has changed.
    static let usualSavePoints = "600 1"

    init(_ settings: KeyValueSettings, disk: Disk) {
        method = Method(rawValue: settings.text("persistence")) ?? .dump
        let asked = settings.text("save")
        savePoints =
            switch method {
            case .off: ""
            case .dump where asked.isEmpty: settings.flag("frequent_snapshots") ? Self.usualSavePoints : ""
            case .dump, .appendLog: asked
            }
        startsWithAppendLog = disk.hasAppendLog || (method == .appendLog && !disk.hasDump)
    }

    /// Directives for the file, or for a running server after a switch.
    func directives(appendLog: Bool) -> [KeyValueDirective] {
        [
            KeyValueDirective(name: "save", value: savePoints),
            KeyValueDirective(name: "appendonly", value: appendLog ? "yes" : "no"),
            // A stop writes the dump even when no save point asks for it.
            KeyValueDirective(name: "shutdown-on-sigterm", value: method == .dump ? "save" : "default"),
        ]
    }
}
