/// Every limit of the store, in one place.
enum StoreLimits {
    static let busyTimeoutSeconds = 5.0
    static let readerCountMax = 4

    /// Names without a tighter limit of their own, and descriptions (characters).
    static let textLengthMax = 255
    static let projectNameLengthMax = 175
    static let passwordLengthMax = 1024

    static let tokenCountMax = 1_000
    static let tagCountMax = 10_000
    static let projectCountMax = 1_000
    static let vpcCountMax = 1_000
    static let eventsPerClusterMax = 1_000
    static let benchmarksPerClusterMax = 100

    static let tokenUseNoteIntervalSeconds = 60.0

    /// Series that one cluster (or the machine) may have; further ones are not recorded.
    static let seriesPerClusterMax = 2_000
    /// Points of one series in one answer.
    static let pointsPerSeriesMax = 1_500
    /// Points that one transaction of the roll-up reads or deletes at most (one bucket of every series at least).
    static let metricRowsPerBatchMax = 20_000
}
