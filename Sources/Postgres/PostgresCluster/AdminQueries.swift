import PostgresWire

/// A login role as the server has it.
package struct LoginRole: Sendable, Equatable {
    package var name: String
    package var allowsReplication: Bool
}

/// What a role logs in with.
package struct LoginVerifier: Sendable, Equatable {
    package var name: String
    /// SCRAM-SHA-256, as the server stores it.
    package var verifier: String

    package init(name: String, verifier: String) {
        self.name = name
        self.verifier = verifier
    }
}

/// What the control process asks of a server, each as one function on an open session.
extension AdminSession {
    /// Databases that users may see, oldest first.
    package mutating func databaseNames() async throws -> [String] {
        try await query(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY oid"
        ).compactMap { $0.first ?? nil }
    }

    /// Roles that can log in and are not the platform's, oldest first.
    package mutating func loginRoles() async throws -> [LoginRole] {
        try await query(
            "SELECT rolname, rolreplication FROM pg_roles WHERE rolcanlogin AND NOT rolsuper ORDER BY oid"
        ).compactMap { row in
            guard row.count == 2, let name = row[0] else { return nil }
            return LoginRole(name: name, allowsReplication: row[1] == "t")
        }
    }

    /// Roles that can log in with a password now, and are not the platform's, with what they are checked against.
    package mutating func loginVerifiers() async throws -> [LoginVerifier] {
        try await query(
            """
            SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin AND NOT rolsuper \
            AND rolpassword LIKE 'SCRAM-SHA-256$%' AND coalesce(rolvaliduntil > now(), true) \
            AND rolname !~ '[[:cntrl:]]' ORDER BY oid
            """
        ).compactMap { row in
            guard row.count == 2, let name = row[0], let verifier = row[1] else { return nil }
            return LoginVerifier(name: name, verifier: verifier)
        }
    }

    /// - Throws: `AdminError.server` with `42710` when a role of that name is there.
    package mutating func createRole(_ name: String, verifier: String, allowsReplication: Bool) async throws {
        try await query(
            "CREATE ROLE \(try SQLQuoting.identifier(name)) LOGIN \(allowsReplication ? "REPLICATION" : "NOREPLICATION") "
                + "PASSWORD \(try SQLQuoting.literal(verifier))")
    }

    /// Also takes back the one setting with which a role can lock itself out: libraries that cannot be loaded.
    package mutating func setPassword(ofRole name: String, verifier: String) async throws {
        let role = try SQLQuoting.identifier(name)
        try await query("ALTER ROLE \(role) PASSWORD \(try SQLQuoting.literal(verifier))")
        try await query("ALTER ROLE \(role) RESET local_preload_libraries")
    }

    package mutating func setReplication(ofRole name: String, allowed: Bool) async throws {
        try await query("ALTER ROLE \(try SQLQuoting.identifier(name)) \(allowed ? "REPLICATION" : "NOREPLICATION")")
    }

    /// Refuses new sessions of the role.
    package mutating func closeRole(_ name: String) async throws {
        try await query("ALTER ROLE \(try SQLQuoting.identifier(name)) NOLOGIN")
    }

    /// Ends the role's sessions. They are gone a moment after this returns.
    package mutating func terminateSessions(ofRole name: String) async throws {
        try await query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = \(try SQLQuoting.literal(name))")
    }

    /// Gives everything the role owns in the connected database to `heir`, and takes its privileges away.
    package mutating func disinherit(role name: String, heir: String) async throws {
        let role = try SQLQuoting.identifier(name)
        try await query("REASSIGN OWNED BY \(role) TO \(try SQLQuoting.identifier(heir))")
        try await query("DROP OWNED BY \(role)")
    }

    package mutating func dropRole(_ name: String) async throws {
        try await query("DROP ROLE IF EXISTS \(try SQLQuoting.identifier(name))")
    }

    /// - Throws: `AdminError.server` with `42P04` when a database of that name is there.
    package mutating func createDatabase(_ name: String, owner: String) async throws {
        try await query("CREATE DATABASE \(try SQLQuoting.identifier(name)) OWNER \(try SQLQuoting.identifier(owner))")
    }

    /// Drops the database, ending its sessions first.
    package mutating func dropDatabase(_ name: String) async throws {
        try await query("DROP DATABASE IF EXISTS \(try SQLQuoting.identifier(name)) WITH (FORCE)")
    }

    /// Ends the sessions of clients outside the networks (CIDR form). Ours are walsenders of the superuser: spared.
    package mutating func terminateSessions(outside networks: [String]) async throws {
        let list = try networks.map { try SQLQuoting.literal($0) }.joined(separator: ", ")
        try await query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr IS NOT NULL \
            AND usename IS DISTINCT FROM \(try SQLQuoting.literal(HostBasedAuthentication.superuserName)) \
            AND NOT EXISTS (SELECT FROM unnest(ARRAY[\(list)]::inet[]) AS network WHERE client_addr <<= network)
            """)
    }

    /// Seconds since the epoch at which the postmaster last read its files, as this session's start saw it.
    package mutating func configurationLoadTime() async throws -> Double {
        let rows = try await query("SELECT extract(epoch FROM pg_conf_load_time())")
        return rows.first?.first.flatMap { $0 }.flatMap(Double.init) ?? 0
    }

    package mutating func reloadConfiguration() async throws {
        try await query("SELECT pg_reload_conf()")
    }

    /// Parameters whose new value waits for a restart.
    package mutating func parametersPendingRestart() async throws -> [String] {
        try await query("SELECT name FROM pg_settings WHERE pending_restart ORDER BY name")
            .compactMap { $0.first ?? nil }
    }

    /// Lines of pg_hba.conf or postgresql.conf that the server cannot use.
    package mutating func configurationErrors() async throws -> [String] {
        try await query(
            """
            SELECT 'pg_hba.conf line ' || line_number || ': ' || error FROM pg_hba_file_rules WHERE error IS NOT NULL \
            UNION ALL SELECT coalesce(name, 'postgresql.conf') || ': ' || error FROM pg_file_settings \
            WHERE error IS NOT NULL AND error NOT LIKE '%cannot be changed without restarting%' \
            AND error NOT LIKE 'setting could not be applied'
            """
        ).compactMap { $0.first ?? nil }
    }
}
