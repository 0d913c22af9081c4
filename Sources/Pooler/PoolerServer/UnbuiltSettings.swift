import PoolerConfiguration

/// Settings that are understood and not carried out yet: whoever changes one is told, at the start and at a reload.
enum UnbuiltSettings {
    private static let names: Set<String> = ["pkt_buf", "sbuf_loopcnt"]

    /// A line for the log for each of them that is not at its default.
    static func warnings(_ settings: PoolerSettings) -> [String] {
        SettingTable.lines(settings)
            .filter { names.contains($0.key) && ($0.value ?? "") != ($0.defaultValue ?? "") }
            .map { "\($0.key) = \($0.value ?? "") has no effect: it is not built yet" }
    }
}
