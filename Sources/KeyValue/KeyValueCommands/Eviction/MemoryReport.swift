import Bytes
import CMemory
import Glibc
import Keyspace

/// Where memory goes: for MEMORY STATS, MEMORY DOCTOR and INFO. Made anew each time it is asked for.
package struct MemoryReport {
    /// Memory of one database's table, in bytes.
    package struct Table {
        package let databaseIndex: Int
        package let byteCount: Int
    }

    package let peakByteCount: Int
    package let usedByteCount: Int
    package let startByteCount: Int
    /// Buffers of all clients.
    package let clientByteCount: Int
    package let tables: [Table]
    package let keyCount: Int
    /// Pages of the process in memory.
    package let residentByteCount: Int

    /// All that is not data.
    package var overheadByteCount: Int {
        startByteCount + clientByteCount + tables.reduce(0) { $0 + $1.byteCount }
    }
    package var datasetByteCount: Int { max(usedByteCount - overheadByteCount, 0) }
    /// Memory that came with the data.
    package var netByteCount: Int { max(usedByteCount - startByteCount, 1) }
    package var datasetPercent: Double { Double(datasetByteCount) * 100 / Double(netByteCount) }
    package var peakPercent: Double { Double(usedByteCount) * 100 / Double(max(peakByteCount, 1)) }
    package var fragmentationRatio: Double { Double(residentByteCount) / Double(max(usedByteCount, 1)) }
    package var bytesPerKey: Int { keyCount > 0 ? netByteCount / keyCount : 0 }

    package init(_ engine: EngineReference) {
        engine.noteMemoryPeak()
        peakByteCount = engine.pointee.statistics.peakMemoryByteCount
        usedByteCount = engine.usedMemoryByteCount
        startByteCount = engine.pointee.statistics.startMemoryByteCount
        clientByteCount = engine.pointee.clients.reduce(0) { sum, client in
            let output = engine.outputState(client).reservedByteCount
            return sum + MemoryLayout<Client>.size + client.pointee.query.reservedByteCount + output
        }
        var tables: [Table] = []
        var keyCount = 0
        for index in 0..<engine.pointee.databaseCount where engine.pointee.databases[index].count > 0 {
            keyCount += engine.pointee.databases[index].count
            tables.append(
                Table(databaseIndex: index, byteCount: engine.pointee.databases[index].table.bucketByteCount))
        }
        self.tables = tables
        self.keyCount = keyCount
        residentByteCount = Self.residentByteCount()
    }

    /// From the second number in /proc/self/statm, which counts pages.
    package static func residentByteCount() -> Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = read(file, &text, text.count)
        let numbers = text.prefix(max(count, 0)).split(separator: 0x20)
        guard numbers.count > 1, let pages = Int(String(decoding: numbers[1], as: UTF8.self)) else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
