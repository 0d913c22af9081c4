// Buffers and socket options. `SettingRow` says what each part of a row means.

extension SettingTable {
    private static let count = 0...ConfigurationLimits.integerMax

    static let networkRows: [SettingRow] = [
        SettingRow("max_packet_size", .integer(\.packetBytesMax, 1...Int(UInt32.max)), "2147483647"),
        SettingRow("pkt_buf", .integer(\.packetBufferBytes, 1...ConfigurationLimits.integerMax), "4096", .restart),
        SettingRow("sbuf_loopcnt", .integer(\.packetBuffersPerTurn, count), "5"),
        SettingRow("tcp_defer_accept", .boolean(\.defersAccept), "1"),
        SettingRow("tcp_keepalive", .boolean(\.tcpKeepAlive), "1"),
        SettingRow("tcp_keepcnt", .integer(\.tcpKeepAliveProbesMax, count), "0"),
        SettingRow("tcp_keepidle", .integer(\.tcpKeepAliveIdleSeconds, count), "0"),
        SettingRow("tcp_keepintvl", .integer(\.tcpKeepAliveIntervalSeconds, count), "0"),
        SettingRow("tcp_socket_buffer", .integer(\.tcpSocketBufferBytes, count), "0"),
        SettingRow("tcp_user_timeout", .integer(\.tcpUserTimeoutMilliseconds, count), "0"),
    ]
}
