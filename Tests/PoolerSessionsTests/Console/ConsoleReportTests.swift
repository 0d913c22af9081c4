import Testing

@testable import PoolerSessions

struct ConsoleReportTests {
    /// Columns of PgBouncer 1.25 by their types: s text, i integer, q bigint, N numeric, b bytea; in the order of its
    /// own table of reports.
    private static let known: [(ConsoleReport, String, String)] = [
        (
            .clients, "ssssssisissiiississii",
            "type user database replication state addr port local_addr local_port connect_time request_time wait "
                + "wait_us close_needed ptr link remote_pid tls application_name prepared_statements id"
        ),
        (
            .servers, "ssssssisissiiississii",
            "type user database replication state addr port local_addr local_port connect_time request_time wait "
                + "wait_us close_needed ptr link remote_pid tls application_name prepared_statements id"
        ),
        (
            .sockets, "ssssssisissiiississiiiiiiiii",
            "type user database replication state addr port local_addr local_port connect_time request_time wait "
                + "wait_us close_needed ptr link remote_pid tls application_name prepared_statements id recv_pos "
                + "pkt_pos pkt_remain send_pos send_remain pkt_avail send_avail"
        ),
        (
            .databases, "ssissiiiissiiiiii",
            "name host port database force_user pool_size min_pool_size reserve_pool_size server_lifetime pool_mode "
                + "load_balance_hosts max_connections current_connections max_client_connections "
                + "current_client_connections paused disabled"
        ),
        (
            .pools, "ssiiiiiiiiiiiiiss",
            "database user cl_active cl_waiting cl_active_cancel_req cl_waiting_cancel_req sv_active "
                + "sv_active_cancel sv_being_canceled sv_idle sv_used sv_tested sv_login maxwait maxwait_us pool_mode "
                + "load_balance_hosts"
        ),
        (
            .users, "ssssiiii",
            "name pool_size reserve_pool_size pool_mode max_user_connections current_connections "
                + "max_user_client_connections current_client_connections"
        ),
        (.config, "ssss", "key value default changeable"),
        (.lists, "si", "list items"),
        (.peers, "isii", "peer_id host port pool_size"),
        (.peerPools, "iiiii", "peer_id cl_active_cancel_req cl_waiting_cancel_req sv_active_cancel sv_login"),
        (.mem, "siiii", "name size used free memtotal"),
        (.state, "ss", "key value"),
        (.dnsHosts, "sqs", "hostname ttl addrs"),
        (.dnsZones, "sqi", "zonename serial count"),
        (.version, "s", "version"),
        (.totals, "sN", "name value"),
        (
            .fds, "issssiqisssssbb",
            "fd task user database addr port cancel link client_encoding std_strings datestyle timezone password "
                + "scram_client_key scram_server_key"
        ),
        (
            .stats, "sNNNNNNNNNNNNNNNNNNNNNNNN",
            "database total_server_assignment_count total_xact_count total_query_count total_received total_sent "
                + "total_xact_time total_query_time total_wait_time total_client_parse_count "
                + "total_server_parse_count total_bind_count total_client_login_count avg_server_assignment_count "
                + "avg_xact_count avg_query_count avg_recv avg_sent avg_xact_time avg_query_time avg_wait_time "
                + "avg_client_parse_count avg_server_parse_count avg_bind_count avg_client_login_count"
        ),
        (
            .statsTotals, "sNNNNNNNNNNNN",
            "database server_assignment_count xact_count query_count bytes_received bytes_sent xact_time query_time "
                + "wait_time client_parse_count server_parse_count bind_count client_login_count"
        ),
        (
            .statsAverages, "sNNNNNNNNNNNN",
            "database server_assignment_count xact_count query_count bytes_received bytes_sent xact_time query_time "
                + "wait_time avg_client_parse_count avg_server_parse_count avg_bind_count avg_client_login_count"
        ),
    ]

    private static func letter(_ kind: ConsoleColumn.Kind) -> Character {
        switch kind {
        case .text: "s"
        case .integer: "i"
        case .bigInteger: "q"
        case .number: "N"
        case .bytes: "b"
        }
    }

    @Test("Reports have PgBouncer's columns and types", arguments: known.indices)
    func columns(_ index: Int) {
        let (report, types, names) = Self.known[index]
        #expect(report.columns.map(\.name) == names.split(separator: " ").map(String.init))
        #expect(String(report.columns.map { Self.letter($0.kind) }) == types)
    }

    @Test("Every report is known to the test, has columns, and is in SHOW HELP")
    func completeness() throws {
        let others: Set<ConsoleReport> = [.activeSockets, .help, .pins]
        #expect(Set(ConsoleReport.allCases) == Set(Self.known.map(\.0)).union(others))
        guard case .notice("Console usage", let detail?, "SHOW") = Console.help else {
            Issue.record("no help")
            return
        }
        for report in ConsoleReport.allCases { #expect(detail.contains(report.rawValue.uppercased())) }
        for command in ConsoleCommand.allCases where command != .select { #expect(detail.contains(command.tag)) }
    }

    @Test("SHOW TOTALS names its rows as PgBouncer does")
    func totals() {
        #expect(
            StatisticsTotals.fields.map(\.totalsRow) == [
                "server_assignment_count", "xact_count", "query_count", "client_bytes", "server_bytes", "xact_time",
                "query_time", "wait_time", "ps_client_parse_count", "ps_server_parse_count", "ps_bind_count",
                "client_login_count",
            ])
    }
}
