package import Glibc

/// The room on the file system that holds a path, in bytes.
package struct DiskReading: Equatable, Sendable {
    /// The file system's size.
    package let totalBytes: UInt64
    /// Not used by any file.
    package let freeBytes: UInt64
    /// What a process without privileges can still write: the free part without root's reserve.
    package let availableBytes: UInt64

    /// What files take.
    package var usedBytes: UInt64 { totalBytes - min(freeBytes, totalBytes) }

    /// The used part of what an unprivileged process can have, as df(1) counts it: 0 to 1.
    package var usedRatio: Double {
        let reachable = usedBytes &+ availableBytes
        return reachable == 0 ? 0 : Double(usedBytes) / Double(reachable)
    }

    /// Reads what statvfs(3) answered.
    package init(_ answer: statvfs) {
        let unit = UInt64(answer.f_frsize)
        func bytes(_ blocks: fsblkcnt_t) -> UInt64 {
            let (product, overflow) = UInt64(blocks).multipliedReportingOverflow(by: unit)
            return overflow ? .max : product
        }
        totalBytes = bytes(answer.f_blocks)
        freeBytes = bytes(answer.f_bfree)
        availableBytes = bytes(answer.f_bavail)
    }
}
