// In place of swift-crypto, so that fuzzers are built without packages: sums that are as long as hashes and no hashes.
// Fuzzers have nothing to keep secret.

package struct SHA256Digest {
    fileprivate var bytes: [UInt8]

    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }
}

package struct SHA256 {
    package static var byteCount: Int { 32 }
    private var state: UInt64 = 1

    package init() {}

    package mutating func update(bufferPointer: UnsafeRawBufferPointer) {
        for byte in bufferPointer { state = (state ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
    }

    package func finalize() -> SHA256Digest { SHA256Digest(bytes: spread(state, over: SHA256.byteCount)) }
}

package enum Insecure {
    package enum MD5 {
        package static var byteCount: Int { 16 }

        package static func hash(data: [UInt8]) -> [UInt8] {
            spread(data.reduce(1) { ($0 ^ UInt64($1)) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }, over: byteCount)
        }
    }
}

package func spread(_ sum: UInt64, over count: Int) -> [UInt8] {
    (0..<UInt64(count)).map { UInt8(truncatingIfNeeded: (sum &* ($0 &+ 1)) >> 24) }
}
