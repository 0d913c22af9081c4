// Cancel keys: whose, of which shape, and what peers do with them.

import PoolerSessions
import PostgresWire
import SeededRandom
import Testing

@Suite struct LoginCancelKeysTests {
    @Test func keyLeadsToItsClientUntilRemoved() {
        for version in [ProtocolVersion.v3_0, .v3_2] {
            let keys = CancelKeys(random: Login.random())
            let issued = (0..<500).map { keys.issue(for: version, client: $0) }
            #expect(Set(issued).count == 500)
            for (client, key) in issued.enumerated() {
                #expect(keys.resolve(processID: key.processID, secret: key.secret) == .client(UInt64(client)))
            }
            for key in issued.dropLast() { keys.remove(key) }
            #expect(keys.count == 1)
            #expect(keys.resolve(processID: issued[0].processID, secret: issued[0].secret) == .unknown)
            #expect(keys.resolve(processID: issued[499].processID, secret: issued[499].secret) == .client(499))
        }
    }

    @Test func keyHasTheLengthOfItsVersion() {
        let keys = CancelKeys(random: Login.random())
        #expect(keys.issue(for: .v3_0, client: 1).secret.count == 4)
        #expect(keys.issue(for: ProtocolVersion(major: 3, minor: 1), client: 1).secret.count == 4)
        #expect(keys.issue(for: .v3_2, client: 1).secret.count == 32)
    }

    /// Some clients take the first word for a process number, which is positive.
    @Test func processNumberIsPositive() {
        let keys = CancelKeys(peerID: 16_383, random: Login.random())
        for client in 0..<200 { #expect(keys.issue(for: .v3_0, client: UInt64(client)).processID < 1 << 31) }
    }

    /// Every bit counts, but for the two that count hops.
    @Test func neighbouringKeysAreUnknown() {
        for version in [ProtocolVersion.v3_0, .v3_2] {
            let keys = CancelKeys(random: Login.random())
            let key = keys.issue(for: version, client: 1)
            for bit in 0..<32 {
                #expect(keys.resolve(processID: key.processID ^ 1 << bit, secret: key.secret) == .unknown)
            }
            for bit in 0..<(key.secret.count * 8) {
                var secret = key.secret
                secret[bit / 8] ^= 1 << (bit % 8)
                let isHop = bit / 8 == secret.count - 1 && bit % 8 < 2
                let expected = isHop ? CancelKeys.Route.client(1) : .unknown
                #expect(keys.resolve(processID: key.processID, secret: secret) == expected)
            }
            #expect(keys.resolve(processID: key.processID, secret: key.secret.dropLast()) == .unknown)
            #expect(keys.resolve(processID: key.processID, secret: key.secret + [0]) == .unknown)
            #expect(keys.resolve(processID: key.processID, secret: []) == .unknown)
        }
    }

    @Test func foreignKeyGoesToItsPeerThreeTimes() throws {
        for version in [ProtocolVersion.v3_0, .v3_2] {
            let ours = CancelKeys(peerID: 1, random: Login.random(seed: 1))
            let theirs = CancelKeys(peerID: 0x1234, random: Login.random(seed: 2))
            let key = theirs.issue(for: version, client: 9)
            var (processID, secret) = (key.processID, key.secret)
            for _ in 0..<3 {
                guard
                    case .peer(let peer, let nextID, let nextSecret) = ours.resolve(
                        processID: processID, secret: secret)
                else {
                    Issue.record("not handed on")
                    return
                }
                #expect(peer == 0x1234)
                (processID, secret) = (nextID, nextSecret)
                #expect(theirs.resolve(processID: processID, secret: secret) == .client(9))
            }
            #expect(ours.resolve(processID: processID, secret: secret) == .hopsExhausted)
        }
    }

    /// PgBouncer's layout: peer in bytes 1 and 2, hops in the lowest bits of byte 7.
    @Test func layoutIsPgBouncers() {
        let key = CancelKeys(peerID: 0x1234, random: Login.random()).issue(for: .v3_0, client: 1)
        #expect(key.processID >> 8 & 0xffff == 0x3412)
        #expect(key.secret[3] & 3 == 3)
    }

    @Test func unknownKeyWithoutPeersIsNobodys() {
        let keys = CancelKeys(random: Login.random())
        #expect(keys.resolve(processID: 1 << 16, secret: [1, 2, 3, 4]) == .unknown)
        let ours = CancelKeys(peerID: 5, random: Login.random())
        #expect(ours.resolve(processID: 5 << 16, secret: [1, 2, 3, 255]) == .unknown)
    }

    @Test func keysOutliveAChangeOfNumber() {
        let keys = CancelKeys(random: Login.random())
        let old = keys.issue(for: .v3_0, client: 1)
        keys.setPeerID(7)
        let new = keys.issue(for: .v3_0, client: 2)
        #expect(keys.resolve(processID: old.processID, secret: old.secret) == .client(1))
        #expect(keys.resolve(processID: new.processID, secret: new.secret) == .client(2))
    }
}
