// HMAC-SHA-256, and tags made with it.

import Testing

@testable import PostgresWire

@Suite struct MessageCodeTests {
    /// RFC 4231, sections 4.2, 4.3 and 4.7, and the edges of a block.
    @Test(
        arguments: [
            (
                [UInt8](repeating: 0x0b, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                utf8("Jefe"), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                [UInt8](repeating: 0xaa, count: 64), "x",
                "ce3c639dcb9d8baae5d44c3b8b5e233faab4d1860e07489af5c84f213998bd79"
            ),
            ([], "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
        ] as [([UInt8], String, String)])
    func codesOfTheRFC(_ key: [UInt8], _ text: String, _ expected: String) {
        var code = HMACSHA256(key: key)
        code.update(text)
        #expect(hexadecimal(code.finish()) == expected)
        var bytewise = HMACSHA256(key: key)
        for byte in text.utf8 { bytewise.update([byte]) }
        #expect(hexadecimal(bytewise.finish()) == expected)
    }

    @Test func tagsKeepTheirPartsApart() {
        let digest = SecretDigest(key: [UInt8](repeating: 1, count: 32))
        let tag = digest.tag([utf8("ab"), utf8("c")])
        #expect(tag.count == 32)
        #expect(tag == digest.tag([utf8("ab"), utf8("c")]))
        for parts in [[utf8("a"), utf8("bc")], [utf8("abc")], [utf8("ab"), utf8("c"), []], [utf8("c"), utf8("ab")]] {
            #expect(digest.tag(parts) != tag)
        }
        #expect(SecretDigest(key: [UInt8](repeating: 2, count: 32)).tag([utf8("ab"), utf8("c")]) != tag)
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
