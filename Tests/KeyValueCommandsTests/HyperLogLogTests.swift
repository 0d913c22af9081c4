import Bytes
import Keyspace
import Testing

@testable import KeyValueCommands

@Suite("HyperLogLog")
struct HyperLogLogTests {
    private static let sparseByteCountMax = 3000

    private static func add(_ text: String, to sketch: inout HyperLogLog) -> Bool {
        var text = text
        return text.withUTF8 {
            (try? sketch.add(ByteSlice($0), sparseByteCountMax: sparseByteCountMax)) ?? false
        }
    }

    private static func checksum(_ sketch: HyperLogLog) -> UInt64 {
        var checksum = CRC64()
        checksum.update(sketch.buffer.bytes)
        return checksum.value
    }

    /// A string with these bytes behind the header of a sparse form.
    private static func sparse(_ runs: [UInt8]) -> HyperLogLog? {
        let header = Array("HYLL".utf8) + [1, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
        return (header + runs).withUnsafeBytes { HyperLogLog(StringBuffer.make($0)) }
    }

    /// What redis-server 7.0.15 held after `PFADD h element:1`, `PFADD h element:2` and so on, with a PFCOUNT after each
    /// row: length and CRC-64 of its GET, and the count.
    @Test("The bytes and counts are Redis's")
    func bytesOfRedis() throws {
        let rows: [(elementCount: Int, byteCount: Int, checksum: UInt64, count: UInt64)] = [
            (0, 18, 0x9bd9_1be8_6807_a6dd, 0), (1, 21, 0x4303_4514_449b_d625, 1), (3, 27, 0xaef0_baf7_9c30_31a5, 3),
            (10, 47, 0xceae_30d3_56b6_1391, 10), (100, 285, 0x86e0_7e10_46b0_3759, 99),
            (500, 1049, 0xa807_3554_c333_ee5b, 502), (1000, 1898, 0xc566_6df1_8492_8e9b, 997),
            (2000, 12304, 0xc483_d0ba_2926_5066, 2004), (5000, 12304, 0x5bdd_9121_62d9_70dc, 5005),
            (100_000, 12304, 0xa4fe_38da_02c8_6d80, 100_039),
        ]
        var sketch = HyperLogLog.makeEmpty()
        defer { sketch.buffer.free() }
        sketch.invalidateCache()
        var added = 0
        for row in rows {
            while added < row.elementCount {
                added += 1
                if Self.add("element:\(added)", to: &sketch) { sketch.invalidateCache() }
            }
            #expect(sketch.buffer.count == row.byteCount)
            // 2000 elements were there when the sparse form had become too long.
            #expect(Self.checksum(sketch) == row.checksum, "after \(row.elementCount)")
            let count = try sketch.count()
            #expect(count == row.count)
            sketch.cache(count: count)
            #expect(sketch.cachedCount == count)
        }
    }

    @Test("Sparse and dense forms hold the same registers and count the same")
    func formsAgree() throws {
        var sparse = HyperLogLog.makeEmpty()
        var dense = HyperLogLog.makeEmptyDense()
        defer {
            sparse.buffer.free()
            dense.buffer.free()
        }
        for number in 0..<300 {
            #expect(Self.add("\(number)", to: &sparse) == Self.add("\(number)", to: &dense))
        }
        #expect(sparse.encoding == .sparse)
        #expect(try sparse.count() == dense.count())
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: HyperLogLog.registerCount) { registers in
            registers.initialize(repeating: 0)
            let start = registers.baseAddress.unsafelyUnwrapped
            try sparse.merge(into: start)
            for index in 0..<HyperLogLog.registerCount { #expect(registers[index] == dense.denseRegister(index)) }
            let merged = HyperLogLog.count(start)
            #expect(try merged == dense.count())
        }
        try sparse.makeDense()
        #expect(sparse.encoding == .dense)
        #expect(sparse.buffer.bytes.slice(16, 12304).equals(dense.buffer.bytes.slice(16, 12304)))
    }

    @Test("Registers do not touch their neighbours")
    func denseRegisters() {
        let sketch = HyperLogLog.makeEmptyDense()
        defer { sketch.buffer.free() }
        for index in 0..<HyperLogLog.registerCount { sketch.setDenseRegister(index, UInt8(index % 61)) }
        for index in stride(from: 0, to: HyperLogLog.registerCount, by: 3) { sketch.setDenseRegister(index, 63) }
        for index in 0..<HyperLogLog.registerCount {
            #expect(sketch.denseRegister(index) == (index % 3 == 0 ? 63 : UInt8(index % 61)))
        }
    }

    @Test("Equal neighbours are joined, up to four")
    func joining() throws {
        var sketch = HyperLogLog.makeEmpty()
        defer { sketch.buffer.free() }
        for index in [7, 6, 8, 5, 9] { _ = try sketch.raise(index, to: 3, sparseByteCountMax: 3000) }
        #expect(sketch.describeRuns() == "z:5 v:3,4 v:3,1 Z:16374")
        _ = try sketch.raise(7, to: 32, sparseByteCountMax: 3000)
        #expect(sketch.describeRuns() == "z:5 v:3,2 v:32,1 v:3,2 Z:16374")
        _ = try sketch.raise(7, to: 33, sparseByteCountMax: 3000)
        #expect(sketch.encoding == .dense)
        #expect(sketch.denseRegister(7) == 33)
        #expect(sketch.denseRegister(9) == 3)
    }

    @Test("Strings that are no HyperLogLogs are told apart")
    func validity() {
        let dense = [UInt8]("HYLL".utf8) + [UInt8](repeating: 0, count: 12300)
        #expect(dense.withUnsafeBytes { HyperLogLog.isValid($0) })
        #expect(!dense.dropLast().withUnsafeBytes { HyperLogLog.isValid($0) })
        #expect(![UInt8]("HYLL".utf8).withUnsafeBytes { HyperLogLog.isValid($0) })
        #expect(![UInt8](repeating: 0x48, count: 12304).withUnsafeBytes { HyperLogLog.isValid($0) })
        let unknown = [UInt8]("HYLL".utf8) + [2] + [UInt8](repeating: 0, count: 20)
        #expect(!unknown.withUnsafeBytes { HyperLogLog.isValid($0) })
    }

    @Test(
        "Runs that come to more or less than all registers are corrupt, and nothing crashes",
        arguments: [[], [0x7F], [0x7F, 0xFE], [0x7F, 0xFF, 0x00], [0x7F, 0xFE, 0x83], [0xFF], [0x40]] as [[UInt8]])
    func corruption(runs: [UInt8]) throws {
        var sketch = try #require(Self.sparse(runs))
        defer { sketch.buffer.free() }
        #expect(throws: HyperLogLog.Corruption.self) { try sketch.count() }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: HyperLogLog.registerCount) { registers in
            registers.initialize(repeating: 0)
            #expect(throws: HyperLogLog.Corruption.self) {
                try sketch.merge(into: registers.baseAddress.unsafelyUnwrapped)
            }
        }
        for index in [0, 1, 63, 64, 100, 8191, 16383] {
            _ = try? sketch.raise(index, to: 5, sparseByteCountMax: 3000)
            _ = try? sketch.raise(index, to: 40, sparseByteCountMax: 3000)
        }
    }
}
