extension DatabaseSize {
    /// The sizes on offer. Memory and CPU are what a cluster is tuned for, not a reservation: the machine's owner
    /// decides how many clusters it carries. Storage is the plan's label; the file system sets the real limit.
    package static let all: [DatabaseSize] = [
        size("db-s-1vcpu-1gb", cpuCount: 1, memoryGiB: 1, storageGiB: 10, storageGiBMax: 40, nodeCounts: 1...1),
        size("db-s-1vcpu-2gb", cpuCount: 1, memoryGiB: 2, storageGiB: 30, storageGiBMax: 60, nodeCounts: 1...3),
        size("db-s-2vcpu-4gb", cpuCount: 2, memoryGiB: 4, storageGiB: 60, storageGiBMax: 120, nodeCounts: 1...3),
        size("db-s-4vcpu-8gb", cpuCount: 4, memoryGiB: 8, storageGiB: 140, storageGiBMax: 280, nodeCounts: 1...3),
        size("db-s-6vcpu-16gb", cpuCount: 6, memoryGiB: 16, storageGiB: 290, storageGiBMax: 580, nodeCounts: 1...3),
    ]

    /// The sizes of key-value clusters: the same, and two for much memory. Data lies in memory; storage is the label of
    /// the plan here too.
    package static let keyValue: [DatabaseSize] =
        all + [
            size("m-4vcpu-32gb", cpuCount: 4, memoryGiB: 32, storageGiB: 100, storageGiBMax: 100, nodeCounts: 1...3),
            size("m-8vcpu-64gb", cpuCount: 8, memoryGiB: 64, storageGiB: 200, storageGiBMax: 200, nodeCounts: 1...3),
        ]

    /// The size with this slug, or nil.
    package static func named(_ slug: String) -> DatabaseSize? {
        all.first { $0.slug == slug }
    }

    private static func size(
        _ slug: String, cpuCount: Int, memoryGiB: Int, storageGiB: Int, storageGiBMax: Int,
        nodeCounts: ClosedRange<Int>
    ) -> DatabaseSize {
        DatabaseSize(
            slug: slug, cpuCount: cpuCount, memoryMiB: memoryGiB << 10, storageMiB: storageGiB << 10,
            storageMiBMax: storageGiBMax << 10, nodeCounts: nodeCounts)
    }
}
