// As Crypto.swift beside it.

import Crypto

package enum KDF {
    package enum Insecure {
        package enum PBKDF2 {
            package enum HashFunction { case sha256 }

            package static func deriveKey(
                from password: [UInt8], salt: [UInt8], using: HashFunction, outputByteCount: Int,
                unsafeUncheckedRounds: Int
            ) throws -> [UInt8] {
                spread((password + salt).reduce(7) { $0 &* 31 &+ UInt64($1) }, over: outputByteCount)
            }
        }
    }
}
