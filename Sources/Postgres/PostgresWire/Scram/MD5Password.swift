import Crypto

/// PostgreSQL's old password scheme; weak, for servers that know nothing better.
package enum MD5Password {
    /// Length of a verifier, and of a response: `md5` and 32 digits.
    package static var verifierByteCount: Int { 35 }

    /// What `pg_authid.rolpassword` holds: `md5` and the hash of password and user name in hexadecimal.
    package static func verifier(user: String, password: String) -> String {
        "md5" + hash(Array((password + user).utf8))
    }

    /// Answer to AuthenticationMD5Password: `md5` and the hash of the verifier's digits and the salt.
    ///
    /// - Parameter salt: the four bytes of the request.
    package static func response(user: String, password: String, salt: [UInt8]) -> String {
        response(verifier: verifier(user: user, password: password), salt: salt)
    }

    /// The same from a verifier, which is as good as the password here.
    package static func response(verifier: String, salt: [UInt8]) -> String {
        "md5" + hash(Array(verifier.utf8.dropFirst(3)) + salt)
    }

    /// MD5 in hexadecimal.
    private static func hash(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * Insecure.MD5.byteCount)
        for byte in Insecure.MD5.hash(data: bytes) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
