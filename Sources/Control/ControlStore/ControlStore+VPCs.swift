package import ControlModel
import GRDB

// Private networks: labels of clusters on this machine, with DigitalOcean's rules. Each region has at most one default.

extension ControlStore {
    package func vpcs() async throws -> [VPC] {
        try await pool.read { try VPC.all($0) }
    }

    package func vpc(id: String) async throws -> VPC {
        try await pool.read { try VPC.required(id: id, $0) }
    }

    /// Stores a new VPC. With an empty `ipRange` it gets a free /20: ask for it again to learn which.
    package func createVPC(_ vpc: VPC) async throws {
        try vpc.check()
        try await pool.write { database in
            try checkCount(of: "VPCs", inTable: "vpcs", max: StoreLimits.vpcCountMax, database)
            var vpc = vpc
            vpc.ipRange = try VPC.chooseRange(wanted: vpc.ipRange, among: try VPC.all(database)).description
            if vpc.isDefault { try VPC.clearDefault(regionSlug: vpc.regionSlug, database) }
            try vpc.insert(into: database, projectID: try Project.theDefault(database).id)
        }
    }

    /// Changes name, description and the default; region and range stay as they were made.
    package func updateVPC(_ vpc: VPC) async throws {
        try vpc.check()
        try await pool.write { database in
            let current = try VPC.required(id: vpc.id, database)
            guard vpc.regionSlug == current.regionSlug, vpc.ipRange == current.ipRange else {
                throw ServiceError.unprocessable("the region and the ip_range of a VPC cannot be changed")
            }
            if current.isDefault, !vpc.isDefault {
                throw ServiceError.unprocessable("a region keeps a default VPC: make another one the default instead")
            }
            if vpc.isDefault, !current.isDefault { try VPC.clearDefault(regionSlug: vpc.regionSlug, database) }
            try vpc.update(in: database)
        }
    }

    package func deleteVPC(id: String) async throws {
        try await pool.write { database in
            let vpc = try VPC.required(id: id, database)
            guard !vpc.isDefault else { throw ServiceError(.forbidden, "a default VPC cannot be deleted") }
            guard try Cluster.live(inVPC: id, database).isEmpty else {
                throw ServiceError(.conflict, "a VPC with members cannot be deleted: delete its clusters first")
            }
            // Clusters that are being deleted are no members any more, but their rows still need a VPC.
            try database.execute(
                sql: "UPDATE clusters SET vpc_id = ? WHERE vpc_id = ?",
                arguments: [try VPC.theDefault(regionSlug: vpc.regionSlug, database).id, id])
            try database.execute(sql: "DELETE FROM vpcs WHERE id = ?", arguments: [id])
        }
    }

    package func clusters(inVPC id: String) async throws -> [Cluster] {
        try await pool.read { database in
            _ = try VPC.required(id: id, database)
            return try Cluster.live(inVPC: id, database)
        }
    }
}

extension VPC {
    private static let prefixLengths = 16...28
    private static let chosenPrefixLength = 20

    fileprivate init(row: Row) {
        self.init(
            id: row["id"], name: row["name"], description: row["description"], regionSlug: row["region_slug"],
            ipRange: row["ip_range"], isDefault: row["is_default"], createdAt: row.date("created_at_ms"))
    }

    func insert(into database: Database, projectID: String) throws {
        try refusingDuplicates(nameTaken) {
            try database.execute(
                sql: """
                    INSERT INTO vpcs (id, name, description, region_slug, ip_range, is_default, created_at_ms,
                        project_id, project_assigned_at_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, name, description, regionSlug, ipRange, isDefault, createdAt.storedMilliseconds, projectID,
                    createdAt.storedMilliseconds,
                ])
        }
    }

    fileprivate func update(in database: Database) throws {
        try refusingDuplicates(nameTaken) {
            try database.execute(
                sql: "UPDATE vpcs SET name = ?, description = ?, is_default = ? WHERE id = ?",
                arguments: [name, description, isDefault, id])
        }
    }

    private var nameTaken: ServiceError {
        ServiceError(.conflict, "a VPC with this name exists already")
    }

    fileprivate static func all(_ database: Database) throws -> [VPC] {
        try Row.fetchAll(database, sql: "SELECT * FROM vpcs ORDER BY sequence").map(VPC.init(row:))
    }

    fileprivate static func required(id: String, _ database: Database) throws -> VPC {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM vpcs WHERE id = ?", arguments: [id])
        guard let row else { throw ServiceError.notFound("VPC \(id)") }
        return VPC(row: row)
    }

    /// The default VPC of a region; for a region that has none, the oldest default.
    static func theDefault(regionSlug: String, _ database: Database) throws -> VPC {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM vpcs WHERE is_default ORDER BY region_slug <> ?, sequence",
            arguments: [regionSlug])
        guard let row else { throw ServiceError.notFound("default VPC") }
        return VPC(row: row)
    }

    fileprivate static func clearDefault(regionSlug: String, _ database: Database) throws {
        try database.execute(
            sql: "UPDATE vpcs SET is_default = 0 WHERE is_default AND region_slug = ?", arguments: [regionSlug])
    }

    /// Name `^[a-zA-Z0-9\-\.]+$` (DigitalOcean's rule), a known region, a short description.
    fileprivate func check() throws {
        try checkText(name, named: "VPC name", lengthMax: StoreLimits.textLengthMax)
        guard name.unicodeScalars.allSatisfy({ $0.isLetterOrDigit || $0 == "-" || $0 == "." }) else {
            throw ServiceError.unprocessable("VPC name may contain letters, numbers, dashes and periods only")
        }
        guard Region.all.contains(where: { $0.slug == regionSlug }) else {
            throw ServiceError.unprocessable("region \(regionSlug) does not exist")
        }
        try checkDescription(description)
    }

    /// The range asked for, or the first free one when none is.
    fileprivate static func chooseRange(wanted: String, among vpcs: [VPC]) throws -> IPv4Network {
        let taken = vpcs.compactMap { IPv4Network($0.ipRange) }
        guard !wanted.isEmpty else { return try firstFreeRange(besides: taken) }
        guard let range = IPv4Network(wanted), prefixLengths.contains(range.prefixLength), range.isPrivate else {
            throw ServiceError.unprocessable(
                "ip_range must be a private IPv4 network in CIDR form between /16 and /28, such as 10.20.0.0/20")
        }
        guard !taken.contains(where: range.overlaps) else {
            throw ServiceError.unprocessable("ip_range overlaps with another VPC")
        }
        return range
    }

    /// From 10.10.0.0 upwards to the end of 10.0.0.0/8.
    private static func firstFreeRange(besides taken: [IPv4Network]) throws -> IPv4Network {
        let step = 1 << (32 - chosenPrefixLength)
        for address in stride(from: 0x0A0A_0000, to: 0x0B00_0000, by: step) {
            let range = IPv4Network(address: UInt32(address), prefixLength: chosenPrefixLength)
            if !taken.contains(where: range.overlaps) { return range }
        }
        throw ServiceError.unprocessable("no free ip_range is left: delete a VPC, or name a range")
    }
}
