/// Which names of certificates or of the system may log in as which users: the file of `auth_ident_file`.
package struct IdentityMaps: Equatable, Sendable {
    /// One line.
    struct Line: Equatable, Sendable {
        let systemName: ExactName
        /// Nil: any.
        let databaseUser: ExactName?
    }

    var maps: [ExactName: [Line]] = [:]

    package init() {}

    /// Whether somebody whom the system or a certificate calls so may be that user.
    package func allows(_ systemName: String, as user: String, map: String) -> Bool {
        (maps[ExactName(map)] ?? []).contains { line in
            line.systemName == ExactName(systemName) && (line.databaseUser ?? ExactName(user)) == ExactName(user)
        }
    }
}
