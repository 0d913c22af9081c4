/// The files beside the main one that say who may log in and how.
package struct AuthenticationFiles: Equatable, Sendable {
    package private(set) var userList = UserList()
    package private(set) var rules = HostBasedRules()
    package private(set) var identityMaps = IdentityMaps()

    /// Nobody is known, and rules refuse everybody.
    package init() {}

    /// Reads the files that the settings name; one that cannot be read leaves what was read of it before.
    ///
    /// - Returns: What the log should say.
    package mutating func load(
        for settings: PoolerSettings, read: @escaping (String) throws -> [UInt8]
    ) -> [ConfigurationNote] {
        var files = FileReader(read)
        var notes = NoteList()
        loadUserList(settings, &files, &notes)
        loadRules(settings, &files, &notes)
        return notes.notes
    }

    private mutating func loadUserList(
        _ settings: PoolerSettings, _ files: inout FileReader, _ notes: inout NoteList
    ) {
        guard let path = settings.authenticationFile else {
            userList = UserList()
            return
        }
        guard let bytes = Self.bytes(of: path, "auth_file", &files, &notes) else { return }
        userList = UserList.parse(bytes, path: path, notes: &notes)
    }

    private mutating func loadRules(
        _ settings: PoolerSettings, _ files: inout FileReader, _ notes: inout NoteList
    ) {
        guard settings.authenticationType == .hba else {
            rules = HostBasedRules()
            identityMaps = IdentityMaps()
            return
        }
        if let path = settings.authenticationIdentityMapFile {
            if let bytes = Self.bytes(of: path, "ident config file", &files, &notes) {
                identityMaps = IdentityMaps.parse(bytes, path: path, notes: &notes)
            }
        } else {
            identityMaps = IdentityMaps()
        }
        let path = settings.authenticationHostRulesFile ?? ""
        guard let bytes = Self.bytes(of: path, "hba config file", &files, &notes) else { return }
        rules = HostBasedRules.parse(bytes, path: path, maps: identityMaps, files: files, notes: &notes)
    }

    private static func bytes(
        of path: String, _ what: String, _ files: inout FileReader, _ notes: inout NoteList
    ) -> [UInt8]? {
        do throws(ConfigurationFailure) {
            return try files.bytes(of: path)
        } catch {
            notes.add("could not open \(what) \(path): \(error.reason ?? error.message)", error.place)
            return nil
        }
    }
}
