import PoolerConfiguration

// What is configured, and how far its limits are used: SHOW CONFIG, DATABASES, USERS, PEERS, LISTS.

extension ConsoleView {
    var configurationRows: [[String?]] {
        SettingTable.lines(snapshot.settings).map {
            [$0.key, $0.value, $0.defaultValue, $0.isChangeable ? "yes" : "no"]
        }
    }

    // MARK: - Databases

    /// The databases of the files, those in use that were made from `*`, and the console.
    private var databases: [DatabaseEntry] {
        var byName: [ExactName: DatabaseEntry] = [:]
        for entry in snapshot.databases.sorted { byName[ExactName(entry.name)] = entry }
        for pool in pools where byName[ExactName(pool.database)] == nil {
            byName[ExactName(pool.database)] = snapshot.database(named: pool.database)
        }
        return byName.sorted { $0.key < $1.key }.map(\.value)
    }

    var databaseRows: [[String?]] {
        (databases.map { ($0.name, row($0)) } + [(DatabaseEntry.consoleName, consoleRow)])
            .sorted { ExactName($0.0) < ExactName($1.0) }.map(\.1)
    }

    private func row(_ database: DatabaseEntry) -> [String?] {
        let settings = snapshot.settings
        let name = ExactName(database.name)
        let lifetime = database.serverLifetimeMicroseconds ?? settings.serverLifetimeMicroseconds
        return [
            database.name, database.hostList?.text, "\(database.port)", database.databaseName, database.forcedUser,
            "\(database.poolSize ?? settings.defaultPoolSize)", "\(database.minPoolSize ?? settings.minPoolSize)",
            "\(database.reservePoolSize ?? settings.reservePoolSize)", "\(lifetime / 1_000_000)",
            database.poolMode?.rawValue, Self.balancing(database),
        ] + limitCells(database.name) + [
            switches.pausedDatabases.contains(name) ? "1" : "0", switches.disabledDatabases.contains(name) ? "1" : "0",
        ]
    }

    private var consoleRow: [String?] {
        let settings = snapshot.settings
        let name = DatabaseEntry.consoleName
        return [
            name, nil, "\(settings.listenPort)", name, name, "2", "\(settings.minPoolSize)",
            "\(settings.reservePoolSize)", "\(settings.serverLifetimeMicroseconds / 1_000_000)",
            PoolMode.statement.rawValue, nil,
        ] + limitCells(name) + ["0", "0"]
    }

    private func limitCells(_ database: String) -> [String?] {
        let limits = directory.limits
        return [
            "\(limits.databaseServersMax(database))", "\(limits.databaseServerCount(database))",
            "\(limits.databaseClientsMax(database))", "\(limits.databaseClientCount(database))",
        ]
    }

    // MARK: - Users

    /// The users of the files, those that are connected, and the console's.
    private var userNames: [String] {
        var names = Set(directory.userList.secrets.names.map { ExactName($0) })
        names.formUnion(snapshot.users.names.map { ExactName($0) })
        names.formUnion(directory.limits.userNames.map { ExactName($0) })
        names.insert(ExactName(DatabaseEntry.consoleName))
        return names.sorted().map(\.text)
    }

    var userRows: [[String?]] {
        let limits = directory.limits
        return userNames.map { name in
            let user = snapshot.users[name]
            return [
                name, Self.padded(user?.poolSize), Self.padded(user?.reservePoolSize), user?.poolMode?.rawValue,
                "\(limits.userServersMax(name))", "\(limits.userServerCount(name))",
                "\(limits.userClientsMax(name))", "\(limits.userClientCount(name))",
            ]
        }
    }

    /// As PgBouncer writes these sizes: nine wide, and empty where nothing is set.
    private static func padded(_ size: Int?) -> String {
        guard let size else { return "" }
        let text = "\(size)"
        return String(repeating: " ", count: max(0, 9 - text.count)) + text
    }

    // MARK: - Peers and lists

    var peerRows: [[String?]] {
        snapshot.peers.values.sorted { $0.number < $1.number }.map { peer in
            [
                "\(peer.number)", peer.hostList?.text, "\(peer.port)",
                "\(peer.poolSize ?? snapshot.settings.defaultPoolSize)",
            ]
        }
    }

    /// Records are not kept when they are free, and names of hosts that are searched for are all pending.
    var listRows: [[String?]] {
        let searches = loops.reduce(0) { $0 + $1.nameSearchCount }
        let lists: [(String, Int)] = [
            ("databases", databases.count + 1), ("users", userNames.count), ("peers", snapshot.peers.count),
            ("pools", pools.count), ("peer_pools", Set(loops.flatMap { $0.peerPools.map(\.peer) }).count),
            ("free_clients", 0), ("used_clients", loops.reduce(0) { $0 + $1.clientCount }),
            ("login_clients", loops.reduce(0) { $0 + $1.loginCount }), ("free_servers", 0),
            ("used_servers", loops.reduce(0) { $0 + $1.serverCount }),
            ("dns_names", hostNames.count), ("dns_zones", 0), ("dns_queries", searches),
            ("dns_pending", searches),
        ]
        return lists.map { [$0, "\($1)"] }
    }
}
