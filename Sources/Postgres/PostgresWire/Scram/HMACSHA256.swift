import Crypto

/// HMAC-SHA-256 (RFC 2104) over contiguous bytes.
///
/// Crypto's own is generic over the hash: its metadata and its arrays for the two pads cost several times the hashing,
/// which a pooler pays at every login.
struct HMACSHA256 {
    /// Length that a key is padded to.
    private static var blockByteCount: Int { 64 }

    private var inner = SHA256()
    private var outer = SHA256()

    /// A code over nothing yet. Keys of more than a block are hashed first.
    init(key: [UInt8]) {
        let key = key.count > HMACSHA256.blockByteCount ? HMACSHA256.hash(key) : key
        // The pad does not leave the closure.
        unsafe withUnsafeTemporaryAllocation(byteCount: HMACSHA256.blockByteCount, alignment: 8) { pad in
            for index in 0..<pad.count { unsafe pad[index] = (index < key.count ? key[index] : 0) ^ 0x36 }
            unsafe inner.update(bufferPointer: UnsafeRawBufferPointer(pad))
            for index in 0..<pad.count { unsafe pad[index] ^= 0x36 ^ 0x5c }
            unsafe outer.update(bufferPointer: UnsafeRawBufferPointer(pad))
        }
    }

    /// Adds bytes. O(n).
    mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe inner.update(bufferPointer: $0) }
    }

    /// Adds a text. O(n).
    mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { unsafe inner.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }

    /// The code, 32 bytes.
    func finish() -> [UInt8] {
        var outer = outer
        unsafe inner.finalize().withUnsafeBytes { unsafe outer.update(bufferPointer: $0) }
        return HMACSHA256.array(outer.finalize())
    }

    /// SHA-256.
    static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return array(hash.finalize())
    }

    private static func array(_ digest: SHA256Digest) -> [UInt8] {
        unsafe digest.withUnsafeBytes { unsafe Array($0) }
    }
}
