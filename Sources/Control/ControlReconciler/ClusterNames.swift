import ControlModel

/// Rules for names that users choose, with the message for a name that breaks one.
enum NameRules {
    /// A cluster's name is part of host names and file names: a DNS label.
    static func checkCluster(_ name: String) throws {
        let isLabel = name.utf8.allSatisfy { Self.isLowerLetter($0) || Self.isDigit($0) || $0 == 0x2D }
        guard (1...63).contains(name.utf8.count), isLabel, let first = name.utf8.first, Self.isLowerLetter(first),
            name.utf8.last != 0x2D
        else {
            throw ServiceError.unprocessable(
                "Cluster name is not valid: 1 to 63 lower-case letters, digits and hyphens, beginning with a letter "
                    + "and not ending with a hyphen.")
        }
    }

    /// PostgreSQL truncates identifiers at 63 bytes (NAMEDATALEN - 1) and keeps "pg_" for itself.
    static func checkRole(_ name: String) throws {
        try checkIdentifier(name, what: "User name")
        guard
            !["postgres", "doadmin", "public", "none", "current_user", "session_user", "current_role", "user"].contains(
                name)
        else {
            throw ServiceError.unprocessable("User name \(name) is reserved; choose another one.")
        }
    }

    static func checkDatabase(_ name: String) throws {
        try checkIdentifier(name, what: "Database name")
        guard !["postgres", "template0", "template1"].contains(name) else {
            throw ServiceError.unprocessable("Database name \(name) is reserved; choose another one.")
        }
    }

    /// DigitalOcean's length, which leaves nothing that would need quotes in a file or a URI. `pgbouncer` is the name
    /// of the pooler's console.
    static func checkPool(_ name: String) throws {
        let isPlain = name.utf8.allSatisfy {
            Self.isLowerLetter($0 | 0x20) || Self.isDigit($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E
        }
        guard (3...63).contains(name.utf8.count), isPlain, let first = name.utf8.first,
            Self.isLowerLetter(first | 0x20) || Self.isDigit(first) || first == 0x5F
        else {
            throw ServiceError.unprocessable(
                "Pool name is not valid: 3 to 63 letters, digits, '_', '-' and '.', beginning with a letter, a digit "
                    + "or '_'.")
        }
        guard name != "pgbouncer" else {
            throw ServiceError.unprocessable("Pool name \(name) is reserved; choose another one.")
        }
    }

    private static func checkIdentifier(_ name: String, what: String) throws {
        let isPlain = name.utf8.allSatisfy {
            Self.isLowerLetter($0 | 0x20) || Self.isDigit($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E
        }
        guard (1...63).contains(name.utf8.count), isPlain, !name.lowercased().hasPrefix("pg_"),
            let first = name.utf8.first, Self.isLowerLetter(first | 0x20) || first == 0x5F
        else {
            throw ServiceError.unprocessable(
                "\(what) is not valid: 1 to 63 letters, digits, '_', '-' and '.', beginning with a letter or '_', "
                    + "and not with 'pg_'.")
        }
    }

    private static func isLowerLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
