/// The text of pg_hba.conf for one cluster (PostgreSQL 15 documentation, 21.1).
package enum HostBasedAuthentication {
    /// Login role of the control process: the bootstrap superuser, without a password.
    package static let superuserName = "postgres"

    /// - Parameter trustedNetworks: networks in CIDR form; empty means every address.
    ///
    /// First match wins, so the superuser's lines stand first: certificate over TLS from this machine, and nothing
    /// else. The socket is in a directory that only the cluster's pooler may enter, which has asked its clients for
    /// their passwords: it comes as any other user. There is no line for TCP without TLS: it is refused.
    package static func text(trustedNetworks: [String]) -> String {
        let networks = trustedNetworks.isEmpty ? ["0.0.0.0/0", "::/0"] : trustedNetworks
        var lines = [
            "# Written by Atoll; changes are overwritten. Trusted sources: atoll db firewall --help",
            "# TYPE    DATABASE     USER      ADDRESS          METHOD",
            "local     all          \(superuserName)                   reject",
            "local     replication  all                        reject",
            "local     all          all                        trust",
            "hostssl   all          \(superuserName)  127.0.0.1/32     cert",
            "host      all          \(superuserName)  all              reject",
            "host      replication  \(superuserName)  all              reject",
        ]
        for network in networks {
            lines.append("hostssl   all          all       \(network)  scram-sha-256")
            lines.append("hostssl   replication  all       \(network)  scram-sha-256")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
