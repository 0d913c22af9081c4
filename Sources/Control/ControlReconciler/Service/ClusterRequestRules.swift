import ControlModel

/// What may be asked of a cluster, checked before anything is stored.
enum ClusterRequestRules {
    /// Engines of DigitalOcean's API: named so that a refusal says "not built" rather than "unknown".
    private static let enginesNotBuilt: Set<String> = [
        "mysql", "mongodb", "kafka", "opensearch", "advanced_pg", "advanced_mysql",
    ]

    /// - Returns: the engine and the size asked for.
    /// - Throws: `ServiceError`; the first rule that is broken.
    static func check(_ request: ClusterRequest) throws -> (EngineRow, DatabaseSize) {
        try NameRules.checkCluster(request.name)
        let engine = try engine(named: request.engine)
        let version = request.version ?? ""
        guard version.isEmpty || engine.versions.contains(where: { $0.version == version }) else {
            throw ServiceError.unprocessable(
                "\(engine.title) \(version) is not available; this machine has \(engine.defaultVersion).")
        }
        guard let size = engine.size(named: request.sizeSlug) else {
            let known = engine.sizes.map(\.slug).joined(separator: ", ")
            throw ServiceError.unprocessable("Size \"\(request.sizeSlug)\" is not available; choose one of \(known).")
        }
        guard Region.all.contains(where: { $0.slug == request.regionSlug }) else {
            throw ServiceError.unprocessable("Region \"\(request.regionSlug)\" is not known.")
        }
        try checkNodes(request.nodeCount)
        if let storage = request.storageMiB, !(size.storageMiB...size.storageMiBMax).contains(storage) {
            throw ServiceError.unprocessable(
                "storage_size_mib must be from \(size.storageMiB) to \(size.storageMiBMax) for \(size.slug).")
        }
        return (engine, size)
    }

    private static func engine(named name: String) throws -> EngineRow {
        if let engine = EngineTable.named(name) { return engine }
        let advice = "use one of \(EngineTable.rows.map(\.engine.rawValue).joined(separator: ", "))"
        if enginesNotBuilt.contains(name) {
            throw ServiceError(.notImplemented, "Engine \(name) is not built yet; \(advice).")
        }
        throw ServiceError.unprocessable("Engine \"\(name)\" is not known; \(advice).")
    }

    private static func checkNodes(_ count: Int) throws {
        guard (1...3).contains(count) else {
            throw ServiceError.unprocessable("num_nodes must be from 1 to 3.")
        }
        guard count == 1 else {
            throw ServiceError(.notImplemented, "Standby nodes are not built yet; create the cluster with num_nodes 1.")
        }
    }

    static let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

    /// Some hour of the week, so that the clusters of a machine are not all due at once.
    static func defaultWindow() -> MaintenanceWindow {
        let day = days[Int.random(in: 0..<days.count)]
        let hour = Int.random(in: 0..<24)
        return MaintenanceWindow(day: day, hour: (hour < 10 ? "0" : "") + "\(hour):00:00")
    }

    static func day(_ text: String) throws -> String {
        guard days.contains(text.lowercased()) else {
            throw ServiceError.unprocessable("day must be one of \(days.joined(separator: ", ")).")
        }
        return text.lowercased()
    }

    /// "14", "14:00" and "14:00:00" become "14:00:00".
    static func hour(_ text: String) throws -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let limits = [23, 59, 59]
        guard (1...3).contains(parts.count) else { throw invalidHour }
        var fields = ["00", "00", "00"]
        for (index, part) in parts.enumerated() {
            let isNumber = (1...2).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isNumber, let value = Int(part), value <= limits[index] else { throw invalidHour }
            fields[index] = (value < 10 ? "0" : "") + "\(value)"
        }
        return fields.joined(separator: ":")
    }

    private static var invalidHour: ServiceError {
        ServiceError.unprocessable("hour must be a time of day (UTC) such as 14:00 or 14:00:00.")
    }
}
