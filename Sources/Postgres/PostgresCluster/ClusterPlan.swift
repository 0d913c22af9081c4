/// What a cluster of one size may use: the input of its tuning.
package struct ClusterPlan: Sendable, Equatable {
    package var cpuCount: Int
    package var memoryMiB: Int
    package var storageMiB: Int

    package init(cpuCount: Int, memoryMiB: Int, storageMiB: Int) {
        self.cpuCount = cpuCount
        self.memoryMiB = memoryMiB
        self.storageMiB = storageMiB
    }

    /// Backends kept back for superusers. The platform's own sessions do not need them (they are walsenders, see
    /// `AdminConnection`), so what users get is exact: `connectionsMax - reservedConnections`.
    package static let reservedConnections = 3

    /// `max_connections`: 25 for each GiB of memory, as DigitalOcean has it.
    package var connectionsMax: Int { max(25, 25 * memoryMiB / 1024) }
}
