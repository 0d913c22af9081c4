/// How initdb is called for a managed cluster.
package enum Initialization {
    /// Checksums on, UTF-8, C.UTF-8. The authentication that initdb would write is never used (`hba_file` points
    /// elsewhere); "reject" keeps that file harmless too. The superuser gets no password: it logs in by certificate.
    package static func arguments(dataDirectory: String) -> [String] {
        [
            "--pgdata=\(dataDirectory)", "--data-checksums", "--encoding=UTF8", "--locale=C.UTF-8",
            "--username=\(HostBasedAuthentication.superuserName)", "--auth=reject", "--no-instructions",
        ]
    }

    /// The line of initdb's error output that says why it failed.
    package static func failure(in errorText: String) -> String {
        let lines = errorText.split(separator: "\n")
        let cause = lines.last { (line: Substring) in
            ["error:", "could not", "FATAL", "PANIC"].contains { line.contains($0) }
        }
        return (cause ?? lines.last).map { String($0) } ?? "it said nothing"
    }

    /// Directory of the server's programs on Debian.
    package static let programDirectory = "/usr/lib/postgresql/15/bin"

    /// Preloaded into every server, which does not start without it (`ExtensionList`).
    package static let extensionListLibrary = "/usr/lib/postgresql/15/lib/pgextwlist.so"

    /// Major version that this build drives.
    package static let majorVersion = "15"
}
