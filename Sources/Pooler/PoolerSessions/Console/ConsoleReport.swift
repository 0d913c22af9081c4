/// The reports of SHOW: one row each with its columns, and what it needs of the loops. PgBouncer 1.25 has the same names,
/// columns and types; `pins` is ours.
package enum ConsoleReport: String, CaseIterable, Sendable {
    case clients
    case config
    case databases
    case fds
    case help
    case lists
    case peers
    case peerPools = "peer_pools"
    case pools
    case servers
    case sockets
    case activeSockets = "active_sockets"
    case stats
    case statsTotals = "stats_totals"
    case statsAverages = "stats_averages"
    case users
    case version
    case totals
    case mem
    case dnsHosts = "dns_hosts"
    case dnsZones = "dns_zones"
    case state
    case pins

    /// What loops have to tell for it; nothing for those that the configuration and the console's own state answer.
    package var scope: LoopReport.Scope {
        switch self {
        case .clients, .pins: .clients
        case .servers: .servers
        case .sockets, .activeSockets, .fds: [.clients, .servers]
        case .databases, .lists, .pools, .stats, .statsTotals, .statsAverages, .totals, .users: .pools
        case .mem, .dnsHosts, .dnsZones, .peerPools: .pools
        case .config, .help, .peers, .state, .version: []
        }
    }

    /// Whether only administrators may see it: it tells what opens other sessions.
    var isForAdministrators: Bool { self == .fds }

    var columns: [ConsoleColumn] {
        switch self {
        case .clients, .servers: Self.connectionColumns
        case .sockets, .activeSockets:
            Self.connectionColumns
                + .integer("recv_pos", "pkt_pos", "pkt_remain", "send_pos", "send_remain", "pkt_avail", "send_avail")
        case .pins:
            .integer("id") + .text("user", "database", "addr") + .integer("port")
                + .text("application_name", "reasons") + .integer("server_id", "remote_pid")
        case .config: .text("key", "value", "default", "changeable")
        case .databases: Self.databaseColumns
        case .fds:
            .integer("fd") + .text("task", "user", "database", "addr") + .integer("port") + .bigInteger("cancel")
                + .integer("link")
                + .text("client_encoding", "std_strings", "datestyle", "timezone", "password")
                + .bytes("scram_client_key", "scram_server_key")
        case .lists: .text("list") + .integer("items")
        case .peers: .integer("peer_id") + .text("host") + .integer("port", "pool_size")
        case .peerPools:
            .integer("peer_id", "cl_active_cancel_req", "cl_waiting_cancel_req", "sv_active_cancel", "sv_login")
        case .pools: Self.poolColumns
        case .stats:
            .text("database")
                + .number(StatisticsTotals.fields.map(\.statsTotal) + StatisticsTotals.fields.map(\.statsAverage))
        case .statsTotals: .text("database") + .number(StatisticsTotals.fields.map(\.totalsColumn))
        case .statsAverages: .text("database") + .number(StatisticsTotals.fields.map(\.averagesColumn))
        case .totals: .text("name") + .number(["value"])
        case .users: Self.userColumns
        case .mem: .text("name") + .integer("size", "used", "free", "memtotal")
        case .dnsHosts: .text("hostname") + .bigInteger("ttl") + .text("addrs")
        case .dnsZones: .text("zonename") + .bigInteger("serial") + .integer("count")
        case .state: .text("key", "value")
        case .version: .text("version")
        case .help: []
        }
    }

    private static let connectionColumns: [ConsoleColumn] =
        .text("type", "user", "database", "replication", "state", "addr") + .integer("port") + .text("local_addr")
        + .integer("local_port") + .text("connect_time", "request_time") + .integer("wait", "wait_us", "close_needed")
        + .text("ptr", "link") + .integer("remote_pid") + .text("tls", "application_name")
        + .integer("prepared_statements", "id")

    private static let databaseColumns: [ConsoleColumn] =
        .text("name", "host") + .integer("port") + .text("database", "force_user")
        + .integer("pool_size", "min_pool_size", "reserve_pool_size", "server_lifetime")
        + .text("pool_mode", "load_balance_hosts")
        + .integer(
            "max_connections", "current_connections", "max_client_connections", "current_client_connections", "paused",
            "disabled")

    private static let poolColumns: [ConsoleColumn] =
        .text("database", "user")
        + .integer(
            "cl_active", "cl_waiting", "cl_active_cancel_req", "cl_waiting_cancel_req", "sv_active", "sv_active_cancel",
            "sv_being_canceled", "sv_idle", "sv_used", "sv_tested", "sv_login", "maxwait", "maxwait_us")
        + .text("pool_mode", "load_balance_hosts")

    private static let userColumns: [ConsoleColumn] =
        .text("name", "pool_size", "reserve_pool_size", "pool_mode")
        + .integer(
            "max_user_connections", "current_connections", "max_user_client_connections", "current_client_connections")

    /// Lines of SHOW HELP: which reports there are.
    static let usage: [String] = [
        [Self.help, .config, .databases, .pools, .clients, .servers, .users, .version],
        [.peers, .peerPools],
        [.fds, .sockets, .activeSockets, .lists, .mem, .state, .pins],
        [.dnsHosts, .dnsZones],
        [.stats, .statsTotals, .statsAverages, .totals],
    ].map { "SHOW " + $0.map { $0.rawValue.uppercased() }.joined(separator: "|") }
}

extension [ConsoleColumn] {
    fileprivate static func text(_ names: String...) -> Self { names.map { ConsoleColumn(name: $0, kind: .text) } }
    fileprivate static func integer(_ names: String...) -> Self {
        names.map { ConsoleColumn(name: $0, kind: .integer) }
    }
    fileprivate static func bigInteger(_ name: String) -> Self { [ConsoleColumn(name: name, kind: .bigInteger)] }
    fileprivate static func number(_ names: [String]) -> Self { names.map { ConsoleColumn(name: $0, kind: .number) } }
    fileprivate static func bytes(_ names: String...) -> Self { names.map { ConsoleColumn(name: $0, kind: .bytes) } }
}
