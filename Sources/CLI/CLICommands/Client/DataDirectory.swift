import Foundation

/// Where Atoll keeps its state, as the command line and `atoll up` agree upon it.
package enum DataDirectory {
    /// The directory in use when none is named: `/var/lib/atoll` for root, else `atoll` in the user's data directory
    /// (`$XDG_DATA_HOME`, which is `~/.local/share` when unset or, as the XDG specification says, not absolute).
    package static var defaultPath: String {
        defaultPath(
            isRoot: geteuid() == 0,
            home: ProcessInfo.processInfo.environment.nonEmpty("HOME")
                ?? FileManager.default.homeDirectoryForCurrentUser.path,
            environment: ProcessInfo.processInfo.environment)
    }

    package static func defaultPath(isRoot: Bool, home: String, environment: [String: String]) -> String {
        if isRoot { return "/var/lib/atoll" }
        if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") {
            return base.trimmingTrailingSlashes + "/atoll"
        }
        return home.trimmingTrailingSlashes + "/.local/share/atoll"
    }

    /// The directory named by `--data`, else by `ATOLL_DATA`, else the default one; always absolute.
    package static func resolve(
        option: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String {
        guard let named = option ?? environment.nonEmpty("ATOLL_DATA") else { return defaultPath }
        return URL(fileURLWithPath: named).standardizedFileURL.path
    }
}

extension String {
    /// The path without slashes at its end; the root directory becomes empty.
    fileprivate var trimmingTrailingSlashes: String {
        var path = self[...]
        while path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }
}

extension [String: String] {
    /// The value of an environment variable; one that is set to nothing counts as unset.
    func nonEmpty(_ key: String) -> String? {
        guard let value = self[key], !value.isEmpty else { return nil }
        return value
    }
}
