/// A server process together with its children, as one number each: a postmaster and its back ends.
package struct ProcessFamilyReading: Equatable, Sendable {
    /// The processes that were counted.
    package let processCount: Int
    /// Processor time of all of them, and of children that the head has already waited for: while the head lives and
    /// waits for its children, this only grows.
    package let processorSeconds: Double
    /// Memory in RAM: each one's own part, and the shared part (PostgreSQL's buffers, mapped in every back end) once,
    /// at its largest.
    package let residentBytes: UInt64

    /// Adds up the head and its direct children; nil where the head is not among the processes.
    package init?(head identifier: Int32, among processes: [ProcessReading]) {
        guard let head = processes.first(where: { $0.identifier == identifier }) else { return nil }
        let children = processes.filter { $0.parentIdentifier == identifier && $0.identifier != identifier }
        let members = [head] + children
        let ownBytes = members.reduce(UInt64(0)) { sum, member in
            sum.addingSaturated(member.residentBytes - min(member.sharedBytes, member.residentBytes))
        }
        let sharedBytes = members.map { min($0.sharedBytes, $0.residentBytes) }.max() ?? 0
        processCount = members.count
        processorSeconds = members.reduce(head.endedChildrenSeconds) { $0 + $1.processorSeconds }
        residentBytes = ownBytes.addingSaturated(sharedBytes)
    }
}

extension UInt64 {
    fileprivate func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
